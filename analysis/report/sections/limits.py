"""Section 6: what the numbers do not say, whatever came out."""

from __future__ import annotations

import pandas as pd

from analysis.formatting import number_of
from analysis.records.study_state import LoadedStudy


def limits(study: LoadedStudy, transfer: pd.DataFrame) -> list[str]:
    """Return the limits of the claims of this study, one sentence each."""
    plan = study.state.planned
    found = [
        "Intervals cover the gain, on new examples, of networks that are trained on this pool of data. Every seed "
        "splits the same development examples anew, so training splits overlap; another sample may behave differently.",
        "Claims hold for the arms that were trained: these widths, depths and weightings, with this tuning.",
        "“Not detected” is not “no effect”: a task without a verdict may still gain or lose, within its interval.",
    ]
    if plan.get("arms"):
        arms = number_of(len(plan["arms"]), "arm")
        tried = f"tried {arms} with {number_of(plan.get('draws'), 'draw')} each"
        if plan.get("searched"):
            tried = f"chose among {arms}: {plan['searched']}"
        found.append(
            f"The search {tried}. The best of many looks better than it is; that is why the verdict rests on seeds "
            "that chose nothing."
        )
    judged = (study.records.replicas["phase"] == "verdict").any()
    if judged and len(transfer) and "total" not in set(transfer["baseline"]):
        found.append("No size-matched single-task networks were trained, so a gain may come from size alone.")
    return found
