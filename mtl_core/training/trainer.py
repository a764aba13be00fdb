"""Train replicas of one recipe, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mtl_core.data.preprocessing import Preparation
from mtl_core.data.task_set import Development
from mtl_core.network.replica_state import ReplicaState
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.allocator import keep_freed_memory
from mtl_core.training.device import chosen_device
from mtl_core.training.device_precision import check_precision
from mtl_core.training.fit_arguments import check_arguments
from mtl_core.training.fused_array import CURVES, FusedArray, fresh_state, restarted, search_is_over
from mtl_core.training.pools import Pools
from mtl_core.training.row_scheduler import Progress, Reports, RowScheduler


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Args:
        key: of the row.
        status: ``finished``, ``diverged``, or ``running`` when more epochs are to come.
        reason: of a divergence; else empty.
        epochs: trained so far.
        selected_epoch: the one of best mean validation skill, from 0; −1: none.
        curves: :data:`mtl_core.training.model_selection.CURVES` → ``[epochs, t]`` float32.
        trivial_loss, trivial_metric: of the best constant prediction on the validation split, ``[t]``.
        trivial_train_loss: of that prediction on the part of the training split that the curves are of, ``[t]``.
        num_train, num_validation: labelled examples, ``[t]``.
        seconds: the row's share of the wall time.
        state: everything that a resumed run needs.
        selected: parameters at the selected epoch, ``[p]``.
        replay_speed_up: seconds of an epoch whose steps were launched one by one over those of one whose steps were
            replayed from a CUDA graph, in the row's last array; ``None``: none was replayed.
    """

    key: str
    status: str
    reason: str
    epochs: int
    selected_epoch: int
    curves: dict[str, np.ndarray]
    trivial_loss: np.ndarray
    trivial_metric: np.ndarray
    trivial_train_loss: np.ndarray
    num_train: np.ndarray
    num_validation: np.ndarray
    seconds: float
    state: ReplicaState
    selected: Tensor
    replay_speed_up: float | None = None


def fit(
    recipe: Recipe,
    development: Development,
    rows: Sequence[ReplicaConfig],
    *,
    until: int | None = None,
    states: Mapping[str, ReplicaState] | None = None,
    max_rows: int = 16,
    watch: Callable[[Progress], object] | None = None,
    snapshot: Callable[[dict[str, ReplicaState]], None] | None = None,
    snapshot_seconds: float = 30.0,
    device: str | torch.device = "cpu",
) -> list[Outcome]:
    """Train ``rows``, at most ``max_rows`` at a time; the place of a row that is done goes to the next one.

    A row's numbers depend on its recipe, data, seed and hyperparameters alone — bit for bit on one type of CPU at one
    thread count — and not on the other rows, on ``max_rows``, or on where training was interrupted.

    Args:
        recipe: what the rows have in common.
        development: the pool; the test split is not part of it.
        rows: what each has for itself; keys are unique.  Rows may learn one task each, of tasks that are
            :func:`mtl_core.data.stacked_tasks.alike`.
        until: epochs after which to pause, 1 … ``recipe.epochs``; ``None``: ``recipe.epochs``.
        states: where to resume rows that have begun, by key.
        max_rows: rows that train at once; 4 to 16 is best on a CPU.
        watch: called after every epoch of the array; may raise to abort, and calls for a snapshot by ``True``.
        snapshot: called between epochs, every ``snapshot_seconds`` or when called for, with the states of all begun
            rows; may raise to abort.
        snapshot_seconds: between two snapshots, at least.
        device: where the rows train: ``auto`` takes a GPU if there is one.  States that come back are on the CPU.

    Raises:
        UserError: when the device is not there or lacks the recipe's precision, an option or a hyperparameter is none
            that the recipe has, two rows have the same key, or a number is out of its range.

    Returns:
        An outcome for each row, in the order given.
    """
    until = recipe.epochs if until is None else until
    check_arguments(recipe, rows, until, max_rows)
    keep_freed_memory()
    chosen = chosen_device(device)
    check_precision(recipe, chosen)
    pools = Pools(recipe, development, rows)
    prepared = {row.key: pools.preparation(row) for row in rows}
    scheduler = RowScheduler(rows, states or {}, until, max_rows, pools.network.trunk.search_epochs(recipe))
    reports = Reports(scheduler, watch, snapshot, snapshot_seconds)
    speed_ups: dict[str, float | None] = {}
    while active := scheduler.next_rows():
        for row in active:
            state = scheduler.states.get(row.key)
            if state is None:
                scheduler.states[row.key] = fresh_state(recipe, pools.network_of(row), row)
            elif search_is_over(state):
                scheduler.states[row.key] = restarted(recipe, pools.network_of(row), row, state)
        begun, preparations = [scheduler.states[row.key] for row in active], [prepared[row.key] for row in active]
        array = FusedArray(recipe, pools.development, pools.network, active, begun, preparations, chosen)
        _train_until_a_row_is_done(array, until, reports)
        scheduler.store(array)
        speed_ups.update(dict.fromkeys((row.key for row in active), array.replay_speed_up))
    return [_outcome(recipe, row, scheduler.states[row.key], prepared[row.key], speed_ups.get(row.key)) for row in rows]


def _train_until_a_row_is_done(array: FusedArray, until: int, reports: Reports) -> None:
    """Train every row epoch by epoch until one is done, or begins anew after its search.

    Then the array must be composed anew.
    """
    while True:
        array.advance()
        done = any(array.halted) or any(array.searched) or any(epoch >= until for epoch in array.epochs)
        reports.after_epoch(array)
        if done:
            return


def _outcome(
    recipe: Recipe, row: ReplicaConfig, state: ReplicaState, preparation: Preparation, replay_speed_up: float | None
) -> Outcome:
    epochs = max(int(state["epoch"]), 0)
    diverged = bool(state["diverged"])
    over = diverged or bool(state["stopped"]) or epochs >= recipe.epochs
    return Outcome(
        key=row.key,
        status="diverged" if diverged else "finished" if over else "running",
        reason=_reason(state) if diverged else "",
        epochs=epochs,
        selected_epoch=int(state["selected_epoch"]),
        curves={name: state[name][:epochs].numpy() for name in CURVES},
        trivial_loss=preparation.trivial_loss.numpy(),
        trivial_metric=preparation.trivial_metric.numpy(),
        trivial_train_loss=preparation.trivial_train_loss.numpy(),
        num_train=preparation.num_train.numpy(),
        num_validation=preparation.num_validation.numpy(),
        seconds=float(state["seconds"]),
        state=state,
        selected=state["selected"],
        replay_speed_up=replay_speed_up,
    )


def _reason(state: ReplicaState) -> str:
    if bool(state.get("searching", False)):
        return "a parameter stopped being finite in the search of a structure"
    return f"a loss stopped being finite in epoch {int(state['epoch'])}"
