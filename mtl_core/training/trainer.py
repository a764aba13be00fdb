"""Train replicas of one recipe, many at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from mtl_core.data.preprocessing import Preparation, prepare
from mtl_core.data.task_set import Development
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.replica_state import ReplicaState
from mtl_core.training.allocator import keep_freed_memory
from mtl_core.training.fused_array import CURVES, FusedArray, fresh_state


@dataclass(frozen=True)
class Progress:
    """How far a call of :func:`fit` has come.

    Args:
        epochs_done, epochs_total: summed over its rows.
        best: the best mean validation skill of any row so far.
    """

    epochs_done: int
    epochs_total: int
    best: float


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Args:
        key: of the row.
        status: ``finished``, ``diverged``, or ``running`` when more epochs are to come.
        reason: of a divergence; else empty.
        epochs: trained so far.
        selected_epoch: the one of best mean validation skill, from 0; −1: none.
        curves: :data:`mtl_core.training.fused_array.CURVES` → ``[epochs, t]`` float32.
        trivial_loss, trivial_metric: of the best constant prediction on the validation split, ``[t]``.
        num_train, num_validation: labelled examples, ``[t]``.
        seconds: the row's share of the wall time.
        state: everything that a resumed run needs.
        selected: parameters at the selected epoch, ``[p]``.
    """

    key: str
    status: str
    reason: str
    epochs: int
    selected_epoch: int
    curves: dict[str, np.ndarray]
    trivial_loss: np.ndarray
    trivial_metric: np.ndarray
    num_train: np.ndarray
    num_validation: np.ndarray
    seconds: float
    state: ReplicaState
    selected: Tensor


def fit(
    recipe: Recipe,
    development: Development,
    rows: Sequence[ReplicaConfig],
    *,
    until: int | None = None,
    states: Mapping[str, ReplicaState] | None = None,
    max_rows: int = 16,
    watch: Callable[[Progress], None] | None = None,
    snapshot: Callable[[dict[str, ReplicaState]], None] | None = None,
    snapshot_seconds: float = 30.0,
) -> list[Outcome]:
    """Train ``rows``, at most ``max_rows`` at a time; the place of a row that is done goes to the next one.

    A row's numbers depend on its recipe, data, seed and hyperparameters alone — bit for bit on one type of CPU at one
    thread count — and not on the other rows, on ``max_rows``, or on where training was interrupted.

    Args:
        recipe: what the rows have in common.
        development: the pool; the test split is not part of it.
        rows: what each has for itself; keys are unique.
        until: epochs after which to pause; ``None``: ``recipe.epochs``.
        states: where to resume rows that have begun, by key.
        max_rows: rows that train at once; 4 to 16 is best on a CPU.
        watch: called after every epoch of the array; may raise to abort.
        snapshot: called between epochs, at most every ``snapshot_seconds``, with the states of all begun rows.

    Returns:
        An outcome for each row, in the order given.
    """
    keep_freed_memory()
    until = recipe.epochs if until is None else until
    network = Network(recipe, development.tasks, development.shape)
    prepared = {seed: prepare(development, seed, recipe.train_fraction) for seed in {row.seed for row in rows}}
    kept: dict[str, ReplicaState] = dict(states or {})
    kept = {row.key: kept[row.key] for row in rows if row.key in kept}
    waiting = [row for row in rows if row.key not in kept or not _done(kept[row.key], until)]
    active: list[ReplicaConfig] = []
    saved = time.monotonic()
    while waiting or active:
        active, waiting = active + waiting[: max_rows - len(active)], waiting[max_rows - len(active) :]
        for row in active:
            if row.key not in kept:
                kept[row.key] = fresh_state(recipe, network, row)
        begun, preparations = [kept[row.key] for row in active], [prepared[row.seed] for row in active]
        array = FusedArray(recipe, development, network, active, begun, preparations)
        changed = False
        while not changed:
            array.advance()
            changed = any(array.halted) or any(epoch >= until for epoch in array.epochs)
            if watch:
                current = dict(zip((row.key for row in active), array.epochs, strict=True))
                done = sum(current.get(key) or _spent(state, until) for key, state in kept.items())
                best = max(array.best_skill, *(float(state["best_skill"]) for state in kept.values()))
                watch(Progress(done, until * len(rows), best))
            if snapshot and time.monotonic() - saved >= snapshot_seconds:
                kept.update(zip((row.key for row in active), array.states(), strict=True))
                snapshot(kept)
                saved = time.monotonic()
        kept.update(zip((row.key for row in active), array.states(), strict=True))
        active = [row for row in active if not _done(kept[row.key], until)]
    return [_outcome(recipe, row, kept[row.key], prepared[row.seed]) for row in rows]


def _done(state: ReplicaState, until: int) -> bool:
    return bool(state["diverged"] or state["stopped"] or state["epoch"] >= until)


def _spent(state: ReplicaState, until: int) -> int:
    """Epochs that a row has taken off the work ahead: all of them, if it stopped early."""
    return until if _done(state, until) else int(state["epoch"])


def _outcome(recipe: Recipe, row: ReplicaConfig, state: ReplicaState, preparation: Preparation) -> Outcome:
    epochs = int(state["epoch"])
    diverged = bool(state["diverged"])
    over = diverged or bool(state["stopped"]) or epochs >= recipe.epochs
    return Outcome(
        key=row.key,
        status="diverged" if diverged else "finished" if over else "running",
        reason=f"a loss stopped being finite in epoch {epochs}" if diverged else "",
        epochs=epochs,
        selected_epoch=int(state["selected_epoch"]),
        curves={name: state[name][:epochs].numpy() for name in CURVES},
        trivial_loss=preparation.trivial_loss.numpy(),
        trivial_metric=preparation.trivial_metric.numpy(),
        num_train=preparation.num_train.numpy(),
        num_validation=preparation.num_validation.numpy(),
        seconds=float(state["seconds"]),
        state=state,
        selected=state["selected"],
    )
