"""A few steps and one evaluation of an array on a device, with the memory and the time that they take."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import torch

from mtl_core.data.preprocessing import Preparation
from mtl_core.data.task_set import Development
from mtl_core.network.replica_state import ReplicaState
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.captured_steps import EAGER_EPOCHS
from mtl_core.training.device_meter import DeviceMeter
from mtl_core.training.fused_array import FusedArray, fresh_state
from mtl_core.training.pools import Pools
from study.planning.cards.samples import Sample
from study.planning.trials import FIRST_SEED, Network

FEW_STEPS, MANY_STEPS = 2, 10
"""Steps of the two short epochs whose difference is the time of a step."""
WARM = EAGER_EPOCHS + 1
"""Short epochs beforehand, after which an array trains as it goes on training: by replays where that is faster."""
EPOCHS = WARM + 2
"""Epochs that a trial takes a part of."""
SHORTEST = 1e-9
"""Seconds of an epoch, at least, whatever the clock can tell apart."""


def sampled(network: Network, rows: int, device: torch.device, meter: DeviceMeter) -> Sample:
    """Train an array of ``rows`` replicas of ``network`` for a few steps, evaluate it once, and return what that took.

    The rows are alike, since neither memory nor time depends on their numbers.  All examples lie on the device, and an
    epoch's steps are laid out whole: both take memory.

    Args:
        network: what is trained, and on what.
        rows: replicas of the array.
        device: where they train.
        meter: of the device.

    Raises:
        torch.OutOfMemoryError: when the device has not got the memory.
    """
    meter.forget_peak()
    began = meter.seconds()
    alike = AlikeRows(network.recipe, network.view, dict(network.hyperparameters), rows)
    made = [meter.seconds()]
    state = alike.state()
    made.append(meter.seconds())
    preparation = alike.preparation()
    made.append(meter.seconds())
    array = alike.array(state, preparation, device)
    array.after_epoch(array.train_epoch(FEW_STEPS))
    for _ in range(WARM - 1):
        array.train_epoch(FEW_STEPS)
    readings = [meter.seconds()]
    weights = array.train_epoch(FEW_STEPS)
    readings.append(meter.seconds())
    array.train_epoch(MANY_STEPS)
    readings.append(meter.seconds())
    array.after_epoch(weights)
    readings.append(meter.seconds())
    few, many, evaluation = (later - earlier for earlier, later in pairwise(readings))
    row_set_up, seed_set_up = (later - earlier for earlier, later in pairwise(made))
    set_up = max(readings[0] - began - row_set_up - seed_set_up - WARM * few - evaluation, 0.0)
    epoch = max(_epoch(array.steps, few, many) + evaluation, SHORTEST)
    return Sample(rows, meter.peak_bytes(), epoch, set_up, row_set_up, seed_set_up)


def _epoch(steps: int, few: float, many: float) -> float:
    """Seconds of the steps of an epoch, and of laying them out."""
    if steps <= FEW_STEPS:
        return few
    step = max(many - few, 0.0) / (min(steps, MANY_STEPS) - FEW_STEPS)
    return few + (steps - FEW_STEPS) * step


class AlikeRows:
    """Rows that are alike and have not begun, of which one is made for all.

    Args:
        recipe: what they train.
        view: on what.
        hyperparameters: of each.
        rows: how many.
    """

    def __init__(self, recipe: Recipe, view: Development, hyperparameters: dict[str, object], rows: int) -> None:
        self._recipe = replace(recipe, epochs=max(recipe.epochs, EPOCHS), probes=0)
        self._configs = [ReplicaConfig(str(row), FIRST_SEED, hyperparameters) for row in range(rows)]
        self._pools = Pools(self._recipe, view, self._configs)

    def state(self) -> ReplicaState:
        """Return what a row begins with."""
        return fresh_state(self._recipe, self._pools.network, self._configs[0])

    def preparation(self) -> Preparation:
        """Return the split and the scales of their seed."""
        return self._pools.preparation(self._configs[0])

    def array(self, state: ReplicaState, preparation: Preparation, device: torch.device) -> FusedArray:
        """Return an array of rows that all begin with ``state``, on ``device``."""
        pools, configs = self._pools, self._configs
        states, preparations = [state] * len(configs), [preparation] * len(configs)
        return FusedArray(self._recipe, pools.development, pools.network, configs, states, preparations, device)


def array_of(
    recipe: Recipe, view: Development, hyperparameters: dict[str, object], rows: int, device: torch.device
) -> FusedArray:
    """Return an array of ``rows`` replicas that are alike and have not begun, on ``device``."""
    alike = AlikeRows(recipe, view, hyperparameters, rows)
    return alike.array(alike.state(), alike.preparation(), device)
