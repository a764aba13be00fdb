"""A few steps and one evaluation of an array on a device, with the memory and the time that they take."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import torch

from mtl_core.data.task_set import Development
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
    array = array_of(network.recipe, network.view, dict(network.hyperparameters), rows, device)
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
    set_up = max(readings[0] - began - WARM * few - evaluation, 0.0)
    return Sample(rows, meter.peak_bytes(), max(_epoch(array.steps, few, many) + evaluation, SHORTEST), set_up)


def _epoch(steps: int, few: float, many: float) -> float:
    """Seconds of the steps of an epoch, and of laying them out."""
    if steps <= FEW_STEPS:
        return few
    step = max(many - few, 0.0) / (min(steps, MANY_STEPS) - FEW_STEPS)
    return few + (steps - FEW_STEPS) * step


def array_of(
    recipe: Recipe, view: Development, hyperparameters: dict[str, object], rows: int, device: torch.device
) -> FusedArray:
    """Return an array of ``rows`` replicas that are alike and have not begun, on ``device``."""
    recipe = replace(recipe, epochs=max(recipe.epochs, EPOCHS), probes=0)
    configs = [ReplicaConfig(str(row), FIRST_SEED, hyperparameters) for row in range(rows)]
    pools = Pools(recipe, view, configs)
    state, preparation = fresh_state(recipe, pools.network, configs[0]), pools.preparation(configs[0])
    states, preparations = [state] * rows, [preparation] * rows
    return FusedArray(recipe, pools.development, pools.network, configs, states, preparations, device)
