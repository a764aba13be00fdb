"""The schedule of rows: which replicas train next, how far they have come, and who is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mtl_core.network.replica_state import ReplicaState
from mtl_core.recipe import ReplicaConfig
from mtl_core.training.fused_array import FusedArray


@dataclass(frozen=True)
class Progress:
    """How far a call of :func:`mtl_core.training.trainer.fit` has come.

    Args:
        epochs_done, epochs_total: summed over its rows, with those of a search of a structure.
        best: the best mean validation skill of any row so far.
    """

    epochs_done: int
    epochs_total: int
    best: float


class RowScheduler:
    """Decides which rows train next: at most ``max_rows`` at a time, in the order given.

    Args:
        rows: all rows of the call.
        states: of rows that were begun before, by key; states of other rows are ignored.
        until: number of epochs after which a row is done, unless it halts earlier.
        max_rows: largest number of rows that train at once.
        search: number of epochs that search a structure before the first one.
    """

    def __init__(
        self,
        rows: Sequence[ReplicaConfig],
        states: Mapping[str, ReplicaState],
        until: int,
        max_rows: int,
        search: int = 0,
    ) -> None:
        self.num_rows, self._until, self._max_rows, self._search = len(rows), until, max_rows, search
        self.states: dict[str, ReplicaState] = {row.key: states[row.key] for row in rows if row.key in states}
        """States of all rows that have begun, as they were last stored."""
        self._waiting = [row for row in rows if not self._is_done(row)]
        self._active: list[ReplicaConfig] = []

    def next_rows(self) -> list[ReplicaConfig]:
        """Return the active rows that are not done, refilled with waiting ones; none when all rows are done."""
        active = [row for row in self._active if not self._is_done(row)]
        free = self._max_rows - len(active)
        self._active, self._waiting = active + self._waiting[:free], self._waiting[free:]
        return self._active

    def store(self, array: FusedArray) -> None:
        """Keep the present states of the rows in ``array``."""
        self.states.update(zip((row.key for row in array.rows), array.states(), strict=True))

    def progress(self, array: FusedArray) -> Progress:
        """Return how far all rows have come, while ``array`` is training.

        A row that stopped early counts as if it had trained all its epochs: that work is no longer ahead.
        """
        current = dict(zip((row.key for row in array.rows), array.epochs, strict=True))
        trained = (current[key] if key in current else self._epochs_done(key) for key in self.states)
        done = sum(self._search + epochs for epochs in trained)
        best = max(array.best_skill, *(float(state["best_skill"]) for state in self.states.values()))
        return Progress(done, (self._search + self._until) * self.num_rows, best)

    def _is_done(self, row: ReplicaConfig) -> bool:
        return row.key in self.states and _is_done(self.states[row.key], self._until)

    def _epochs_done(self, key: str) -> int:
        state = self.states[key]
        return self._until if _is_done(state, self._until) else int(state["epoch"])


def _is_done(state: ReplicaState, until: int) -> bool:
    return bool(state["diverged"] or state["stopped"] or state["epoch"] >= until)


class Reports:
    """Calls ``watch`` after every epoch, and ``snapshot`` whenever enough time has passed or ``watch`` asks for one.

    Args:
        scheduler: the rows that are reported on.
        watch, snapshot, snapshot_seconds: as for :func:`mtl_core.training.trainer.fit`.
    """

    def __init__(
        self,
        scheduler: RowScheduler,
        watch: Callable[[Progress], object] | None,
        snapshot: Callable[[dict[str, ReplicaState]], None] | None,
        snapshot_seconds: float,
    ) -> None:
        self._scheduler, self._watch, self._snapshot, self._seconds = scheduler, watch, snapshot, snapshot_seconds
        self._saved = time.monotonic()

    def after_epoch(self, array: FusedArray) -> None:
        """Report on the rows of ``array`` and on those that have trained before."""
        is_urgent = self._watch is not None and self._watch(self._scheduler.progress(array)) is True
        if self._snapshot and (is_urgent or time.monotonic() - self._saved >= self._seconds):
            self._scheduler.store(array)
            self._snapshot(self._scheduler.states)
            self._saved = time.monotonic()
