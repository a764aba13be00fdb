"""The schedule of rows: who trains next, and how far all of them have come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from mtl_core.recipe import ReplicaConfig
from mtl_core.training.row_scheduler import Progress, Reports, RowScheduler
from tests.mtl_core.worlds import rows


def state(epoch: int, *, stopped: bool = False, diverged: bool = False, best: float = 0.0) -> dict[str, torch.Tensor]:
    values: dict[str, Any] = {"epoch": epoch, "stopped": stopped, "diverged": diverged, "best_skill": best}
    return {name: torch.tensor(value) for name, value in values.items()}


@dataclass
class Array:
    """What the scheduler reads of a fused array."""

    rows: list[ReplicaConfig]
    epochs: list[int]
    best_skill: float = 0.0
    stopped: list[bool] = field(default_factory=list)

    def states(self) -> list[dict[str, torch.Tensor]]:
        stopped = self.stopped or [False] * len(self.rows)
        return [state(epoch, stopped=one) for epoch, one in zip(self.epochs, stopped, strict=True)]


def keys(chosen: list[ReplicaConfig]) -> list[str]:
    return [row.key for row in chosen]


def test_the_place_of_a_row_that_is_done_goes_to_the_next_one() -> None:
    scheduler = RowScheduler(rows(4), {}, until=3, max_rows=2)
    active = scheduler.next_rows()
    assert keys(active) == ["row 0", "row 1"]
    scheduler.store(Array(active, [2, 1], stopped=[True, False]))  # type: ignore[arg-type]
    active = scheduler.next_rows()
    assert keys(active) == ["row 1", "row 2"]
    scheduler.store(Array(active, [3, 2]))  # type: ignore[arg-type]
    active = scheduler.next_rows()
    assert keys(active) == ["row 2", "row 3"]
    scheduler.store(Array(active, [3, 3]))  # type: ignore[arg-type]
    assert scheduler.next_rows() == []


def test_rows_that_were_done_before_are_never_handed_out_and_strangers_are_forgotten() -> None:
    states = {"row 0": state(3), "row 1": state(1, diverged=True), "row 2": state(2), "stranger": state(0)}
    scheduler = RowScheduler(rows(4), states, until=3, max_rows=4)
    assert keys(scheduler.next_rows()) == ["row 2", "row 3"]
    assert set(scheduler.states) == {"row 0", "row 1", "row 2"}


def test_a_row_that_stopped_early_leaves_no_work_ahead() -> None:
    states = {"row 0": state(1, stopped=True, best=0.7), "row 1": state(2)}
    scheduler = RowScheduler(rows(3), states, until=5, max_rows=2)
    array = Array(scheduler.next_rows(), [3, 1], best_skill=0.4)
    scheduler.states["row 2"] = state(0)
    assert scheduler.progress(array) == Progress(5 + 3 + 1, 15, pytest.approx(0.7))  # type: ignore[arg-type]


@pytest.mark.parametrize(("seconds", "expected"), [(0.0, 1), (3600.0, 0)])
def test_snapshots_are_taken_when_enough_time_has_passed(seconds: float, expected: int) -> None:
    scheduler = RowScheduler(rows(2), {}, until=5, max_rows=2)
    array = Array(scheduler.next_rows(), [1, 1])
    scheduler.store(array)  # type: ignore[arg-type]
    array.epochs = [2, 2]
    watched: list[Progress] = []
    snapshots: list[list[int]] = []
    reports = Reports(
        scheduler, watched.append, lambda states: snapshots.append([int(s["epoch"]) for s in states.values()]), seconds
    )
    reports.after_epoch(array)  # type: ignore[arg-type]
    assert [progress.epochs_done for progress in watched] == [4]
    assert snapshots == [[2, 2]] * expected
