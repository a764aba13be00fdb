"""Where a search starts from what an earlier one has found: the draws that a finished study selected."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mtl_core.errors import UserError
from study.planning.arm import Arm
from study.planning.plan import Plan


def check_warm_start(plan: Plan) -> None:
    """Refuse an earlier run that a new study would not start from.

    Raises:
        UserError: when the strategy of ``plan`` reads none, or the run cannot be read or has none of the arms.
    """
    run, strategy = plan.spec.search.warm_start, plan.spec.search.strategy
    if run is None:
        return
    if not plan.strategy.starts_warm:
        found = f"{strategy} does not start from an earlier run."
        raise UserError("search.warm_start", found, "Take it out, or choose a strategy that does: joint or nsga.")
    if not selected_in(run, plan.space().open_candidates):
        found = "it has selected nothing for the arms among which this study chooses."
        raise UserError(f"search.warm_start: {run}", found, "Name a run with the same arms, or take warm_start out.")


def selected_in(run: str, arms: Sequence[Arm]) -> list[tuple[Arm, dict[str, Any]]]:
    """Return those of ``arms`` for which an earlier run selected a draw, with its hyperparameters, best first.

    Args:
        run: directory of the earlier run; its task set need not be the same.
        arms: of this study.

    Raises:
        UserError: when there is no run with a search that has ended.
    """
    from analysis.records.load import load
    from analysis.records.schema import UnreadableRun
    from analysis.selection.draws import rank_draws

    where = f"search.warm_start: {run}"
    try:
        records = load(Path(run))
    except (UnreadableRun, OSError) as error:
        raise UserError(where, f"it cannot be read: {error}", "Name the directory of a finished run.") from None
    draws = records.frozen("draws")
    if not draws:
        raise UserError(where, "its search has not ended.", "Name the directory of a finished run.")
    searched = records.replicas[records.replicas["phase"] == "search"]
    best = rank_draws(searched)
    best = best[best["rank"] == 0].sort_values("skill", ascending=False)
    by_label = {arm.label: arm for arm in arms if arm.label in draws}
    found = [by_label[label] for label in best["arm"] if label in by_label]
    return [(arm, _values(searched, arm.label, draws[arm.label])) for arm in found]


def _values(searched: Any, label: str, draws: dict[str, int]) -> dict[str, Any]:
    """The hyperparameters of the selected draw, which in an arm that shares is the same for all tasks."""
    own = searched[(searched["arm"] == label) & (searched["draw"] == next(iter(draws.values())))]
    return json.loads(own["hyperparameters"].iloc[0])
