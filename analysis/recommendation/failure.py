"""The page's opening where all networks failed that a verdict needs: the study could not judge, and says why."""

from __future__ import annotations

import pandas as pd

from analysis.recommendation.divergence import NoAnswer
from analysis.records.run_command import started_with
from analysis.records.schema import Records
from analysis.records.unshared import UNSHARED
from analysis.statistics.strata import fold_of

HEADLINE = "No verdict: the study could not judge whether to share, since networks failed."
LOST = ("failed", "diverged")


def unjudged(records: Records) -> NoAnswer | None:
    """Return what to say where every network failed that a verdict needs; ``None`` where some are left.

    Needed are networks that share in the confirm phase until an arm is chosen, and then in the verdict phase those of
    the arm that was chosen (with outer folds in each of them) and networks that share nothing.
    """
    phase = "confirm" if records.frozen("arm") is None else "verdict"
    rows = records.replicas[records.replicas["phase"] == phase].drop_duplicates("replica")
    share = ~rows["sharing"].isin(UNSHARED)
    needed = {"that share": rows[share]}
    if phase == "verdict":
        needed = {"of the chosen arm": rows[_chosen(records, rows)], "that share nothing": rows[~share]}
    for which, replicas in needed.items():
        if _all_failed(replicas):
            return NoAnswer(
                HEADLINE,
                f"In the {phase} phase all {len(replicas)} replicas {which} were lost, most often with: "
                f"{replicas.loc[replicas['status'] == 'failed', 'reason'].mode().iloc[0]}.",
                "Mend that and run the same command again: they are tried again.",
                started_with(records),
            )
    return None


def _chosen(records: Records, rows: pd.DataFrame) -> pd.Series:
    """Which replicas are of the arm that their outer fold has chosen, or the study where it has no folds."""
    if records.num_folds == 1:
        return rows["arm"] == records.chosen_arm
    of_fold = {fold: (records.frozen("arm", fold) or {}).get("arm") for fold in range(records.num_folds)}
    return rows["arm"] == fold_of(rows["seed"], records.num_folds).map(of_fold)


def _all_failed(replicas: pd.DataFrame) -> bool:
    """Whether no replica is left, and divergence alone does not explain it."""
    return bool(replicas["status"].isin(LOST).all() and replicas["status"].eq("failed").any())
