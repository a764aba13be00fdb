"""Which rows train next, how far they have come, and when somebody is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest
import torch

from mtl_core.network.replica_state import ReplicaState
from mtl_core.recipe import ReplicaConfig
from mtl_core.training import row_scheduler
from mtl_core.training.fused_array import FusedArray
from mtl_core.training.row_scheduler import Progress, Reports, RowScheduler
from tests.mtl_core.worlds import rows

ROWS = rows(5)


def state(epoch: int, skill: float = 0.0, stopped: bool = False) -> ReplicaState:
    return {
        "epoch": torch.tensor(epoch),
        "best_skill": torch.tensor(skill),
        "stopped": torch.tensor(stopped),
        "diverged": torch.tensor(False),
    }


@dataclass
class Array:
    """What a scheduler reads of a fused array."""

    rows: list[ReplicaConfig]
    epochs: list[int]
    best_skill: float = 0.0

    def states(self) -> list[ReplicaState]:
        return [state(epoch, self.best_skill) for epoch in self.epochs]


def array(chosen: list[ReplicaConfig], epochs: list[int], best_skill: float = 0.0) -> FusedArray:
    return cast(FusedArray, Array(chosen, epochs, best_skill))


def test_places_of_done_rows_go_to_waiting_ones_in_order() -> None:
    scheduler = RowScheduler(ROWS, {}, until=4, max_rows=2)
    assert scheduler.next_rows() == ROWS[:2]
    scheduler.store(array(ROWS[:2], [4, 2]))
    assert scheduler.next_rows() == ROWS[1:3]
    scheduler.store(array(ROWS[1:3], [4, 4]))
    assert scheduler.next_rows() == ROWS[3:]
    scheduler.store(array(ROWS[3:], [4, 4]))
    assert scheduler.next_rows() == []
    assert set(scheduler.states) == {row.key for row in ROWS}


def test_rows_that_were_done_before_do_not_train_again_and_unknown_states_are_ignored() -> None:
    begun = {"row 0": state(4), "row 1": state(2, stopped=True), "row 2": state(3), "somebody else": state(1)}
    scheduler = RowScheduler(ROWS, begun, until=4, max_rows=9)
    assert scheduler.next_rows() == ROWS[2:]
    assert list(scheduler.states) == ["row 0", "row 1", "row 2"]


def test_progress_counts_a_stopped_row_as_finished_and_remembers_the_best_skill() -> None:
    begun = {"row 0": state(4, 0.3), "row 1": state(2, 0.5, stopped=True), "row 2": state(1)}
    scheduler = RowScheduler(ROWS, begun, until=4, max_rows=9)
    assert scheduler.progress(array([ROWS[2]], [3], 0.4)) == Progress(4 + 4 + 3, 5 * 4, 0.5)


def test_watchers_hear_of_every_epoch_and_snapshots_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 10.0, 31.0, 31.0, 40.0])
    monkeypatch.setattr(row_scheduler.time, "monotonic", lambda: next(clock))
    scheduler, watched, snapshots = RowScheduler(ROWS[:1], {}, until=4, max_rows=1), [], []
    scheduler.states["row 0"] = state(0)
    reports = Reports(
        scheduler,
        lambda progress: watched.append(progress.epochs_done),
        lambda states: snapshots.append(int(states["row 0"]["epoch"])),
        snapshot_seconds=30.0,
    )
    for epoch in (1, 2, 3):
        reports.after_epoch(array(ROWS[:1], [epoch]))
    assert watched == [1, 2, 3]
    assert snapshots == [2]


def test_a_watcher_may_call_for_a_snapshot_at_once() -> None:
    scheduler, snapshots = RowScheduler(ROWS[:1], {}, until=4, max_rows=1), []
    scheduler.states["row 0"] = state(0)
    reports = Reports(
        scheduler,
        lambda progress: progress.epochs_done == 2,
        lambda states: snapshots.append(int(states["row 0"]["epoch"])),
        snapshot_seconds=3_600.0,
    )
    for epoch in (1, 2, 3):
        reports.after_epoch(array(ROWS[:1], [epoch]))
    assert snapshots == [2]
