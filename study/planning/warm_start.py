"""Where a search starts from what an earlier one has found: the draws that a finished study selected."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mtl_core.errors import UserError
from study.planning.arm import Arm


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
    from analysis.selection import rank_draws

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
