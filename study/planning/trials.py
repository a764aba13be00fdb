"""Trials: short trainings of some of a study's networks, which show what its training costs on this machine.

Of every kind of network (sharing, weighting, backbone and stages) the smallest and the largest are trained for five
epochs, with two rows and with eight, on a part of the examples; what lies between follows on straight lines.  Kinds
that cost most are tried first, and when the time for trials is used up the others are taken to differ from the model
as these do.  What a network costs is processor time, so other programs on the machine do not count; how long the clock
ran meanwhile says how much they slow a study down.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from mtl_core.data.task_set import Development, Examples
from mtl_core.errors import UserError
from mtl_core.recipe import Recipe, ReplicaConfig
from study.planning.arm import Arm
from study.planning.array_cost import ArrayCost, Point, between

if TYPE_CHECKING:
    from torch import Tensor

TRIAL_SECONDS = 6.0
"""Processor seconds after which no further network is tried."""
EPOCHS, FEW_ROWS, MANY_ROWS = 5, 2, 8
MOST_STEPS = 12
"""Steps of an epoch of a trial; where a study's epoch has more, a trial has a part of the examples."""
FIRST_SEED = 5_000
"""Seeds of trials; no phase has seeds there."""

Kind = tuple[str, str, str, int]
"""Sharing, weighting, backbone and number of stages: networks of one kind take the same operations in a step."""


def kind_of(of: Arm | Recipe) -> Kind:
    """Return the kind of the networks of an arm or of a recipe."""
    return of.sharing, of.weighting, of.backbone, of.stages


@dataclass(frozen=True)
class Network:
    """A network that may be tried.

    Args:
        kind: see :func:`kind_of`.
        recipe: how it trains.
        view: the examples, with the tasks that it learns.
        steps: of an epoch of the study.
        multiply_adds: of a forward pass for one example.
        modelled: its cost by the model.
        weight: what networks of this size cost the study, by the model.
        hyperparameters: those of one draw.
    """

    kind: Kind
    recipe: Recipe
    view: Development
    steps: int
    multiply_adds: float
    modelled: ArrayCost
    weight: float
    hyperparameters: Mapping[str, object]


@dataclass(frozen=True)
class Trials:
    """What trials have shown.

    Args:
        points: costs of the networks that were tried, by kind.
        factor: how many times as much the networks that were tried cost as the model says.
        slowdown: seconds of the clock that a processor second took, at least 1; more where other programs ran.
    """

    points: Mapping[Kind, Sequence[Point]] = field(default_factory=dict)
    factor: float = 1.0
    slowdown: float = 1.0

    def cost(self, kind: Kind, multiply_adds: float, modelled: ArrayCost) -> ArrayCost:
        """Return the cost of a network of ``kind``, for which the model says ``modelled``."""
        if kind not in self.points:
            return modelled.times(self.factor)
        return between(self.points[kind], multiply_adds)


def tried(networks: Sequence[Network], seconds: float = TRIAL_SECONDS) -> Trials:
    """Train some of ``networks``, with one thread, and return what that took; nothing is kept of them."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _tried(in_order(networks), seconds)
    finally:
        torch.set_num_threads(threads)


def in_order(networks: Sequence[Network]) -> list[list[Network]]:
    """Return the smallest and the largest network of every kind, the kinds that cost most first."""
    kinds: dict[Kind, list[Network]] = {}
    for network in sorted(networks, key=lambda network: network.multiply_adds):
        kinds.setdefault(network.kind, []).append(network)
    costly = sorted(kinds.values(), key=lambda same: -sum(network.weight for network in same))
    return [[same[0], same[-1]] if same[-1].multiply_adds > same[0].multiply_adds else same[:1] for same in costly]


def _tried(kinds: Sequence[Sequence[Network]], seconds: float) -> Trials:
    points: dict[Kind, list[Point]] = {}
    measured = modelled = 0.0
    began: tuple[float, float] | None = None
    for networks in kinds:
        for network in networks:
            if began is None:  # torch makes ready at the first step of all
                _trial(network, FEW_ROWS)
                began = time.process_time(), time.perf_counter()
            cost = _measured(network)
            if cost is not None:
                points.setdefault(network.kind, []).append(Point(network.multiply_adds, cost))
                measured += cost.seconds(MANY_ROWS, 1)
                modelled += network.modelled.seconds(MANY_ROWS, 1)
        if began is not None and time.process_time() - began[0] > seconds:
            break
    slowdown = 1.0 if began is None else (time.perf_counter() - began[1]) / (time.process_time() - began[0])
    return Trials(points, measured / modelled if modelled else 1.0, max(slowdown, 1.0))


def _measured(network: Network) -> ArrayCost | None:
    """The cost of a network by two trials; ``None`` where a part of the examples cannot be trained on."""
    trials = [_trial(network, rows) for rows in (FEW_ROWS, MANY_ROWS)]
    if trials[0] is None or trials[1] is None:
        return None
    parts: list[float] = []
    for few, many in zip(*trials, strict=True):
        row = max(many - few, 0.0) / (MANY_ROWS - FEW_ROWS)
        parts += [max(few - FEW_ROWS * row, 0.0), row]
    return ArrayCost(*parts)


def _trial(network: Network, rows: int) -> tuple[float, float] | None:
    """Processor seconds to set up an array of ``rows``, and of an epoch of the study."""
    from mtl_core.data.batch_sampler import steps_per_epoch
    from mtl_core.training import trainer

    view = _part_of(network.view, MOST_STEPS / network.steps)
    recipe = replace(network.recipe, epochs=EPOCHS, precision="float32")
    configs = [ReplicaConfig(str(row), FIRST_SEED + row, dict(network.hyperparameters)) for row in range(rows)]
    began, ends = time.process_time(), []
    try:
        trainer.fit(recipe, view, configs, watch=lambda _: ends.append(time.process_time()))
    except UserError:  # few examples may lack the labels of a task; the study itself will say if that is so of all
        return None
    total = time.process_time() - began
    epoch = median([later - earlier for earlier, later in pairwise(ends)] or [0.0])  # others may stretch some epochs
    return max(total - len(ends) * epoch, 0.0), epoch * network.steps / steps_per_epoch(recipe, view)


def _part_of(development: Development, share: float) -> Development:
    """A random part of the examples, or all of them."""
    import torch

    size = len(development.examples)
    if share >= 1:
        return development
    numbers = torch.Generator().manual_seed(FIRST_SEED)
    kept = torch.randperm(size, generator=numbers)[: max(int(share * size), 1)].sort().values

    def of(values: Tensor | None) -> Tensor | None:
        return None if values is None else values[kept]

    examples = development.examples
    part = Examples(examples.inputs[kept], examples.targets[kept], of(examples.groups), of(examples.weights))
    own = {name: of(getattr(development, name)) for name in ("whole_labels", "folds", "validates")}
    return replace(development, examples=part, **own)
