"""Costs of single-task networks add up, those of a shared one count once."""

from __future__ import annotations

from analysis.selection.arm_costs import costs
from analysis.selection.arms import choose_arm
from tests.analysis.selection.replicas import frame, replica


def test_single_task_costs_add_up_over_tasks() -> None:
    rows = frame(
        *(replica("s", 0, {task: [0.5]}, sharing="single_task", multiply_adds=60, phase="confirm") for task in "ab"),
        replica("x", 0, {"a": [0.5], "b": [0.5]}, multiply_adds=100, phase="confirm"),
    )
    assert dict(costs(rows)[["arm", "multiply_adds"]].itertuples(index=False)) == {"s": 120, "x": 100}
    assert choose_arm(rows).arm == "x"
