"""Processor time of a fused array: so much to set it up, and so much for every epoch, of which a part is each row's."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from itertools import pairwise
from typing import Protocol, TypeVar

STEP_SECONDS = 1.2e-3
"""Time of a step whatever the rows and the network: the calls of some fifty operations forward and backward."""
ROW_STEP_SECONDS = 60e-6
"""Time of a row in a step beside its products: dropout, activations, the optimiser's traffic of memory."""
SET_UP_SECONDS, ROW_SET_UP_SECONDS = 0.02, 2e-3
SHARD_SECONDS = 0.03
"""Time of a shard beside its training: its files are written and synced, its events too, its rows are read back."""
REFERENCE_RATE = 36e9
"""Multiply-adds per second of one thread in bare batched products, on the machine where the model was fitted."""
ENGINE_SHARE = 0.4
"""Share of that rate which training reaches: the rest goes to activations, dropout and the traffic of memory."""


class ArrayTime(ABC):
    """The time of replicas that train as one array on one kind of device, by their number and their epochs."""

    @abstractmethod
    def seconds(self, rows: float, epochs: float) -> float:
        """Return the seconds of an array of ``rows`` for ``epochs``."""

    @abstractmethod
    def longer(self, factor: float) -> ArrayTime:
        """Return the time with epochs that are ``factor`` times as long."""

    def at_once(self, arrays: float, seeds: float = math.inf) -> ArrayTime:
        """Return the time where so many such arrays train on the device at once; a processor trains one.

        Args:
            arrays: so many.
            seeds: of an array's rows, at most: a GPU trains so many rows that it takes long to prepare each seed.
        """
        return self

    def shards(self, rows: float, epochs: float, most: int) -> float:
        """Return the seconds of ``rows`` in shards of at most ``most``, with what each costs beside its training."""
        if not rows:
            return 0.0
        shards = -(-rows // most)
        return shards * (SHARD_SECONDS + self.seconds(rows / shards, epochs))


@dataclass(frozen=True)
class ArrayCost(ArrayTime):
    """Processor seconds of replicas that train as one array.

    Args:
        set_up: to build the array, whatever its rows.
        row_set_up: to build each row.
        epoch: of an epoch, whatever the rows.
        row_epoch: of each row in an epoch.
    """

    set_up: float
    row_set_up: float
    epoch: float
    row_epoch: float

    def seconds(self, rows: float, epochs: float) -> float:
        """Return the seconds of an array of ``rows`` for ``epochs``."""
        return self.set_up + rows * self.row_set_up + epochs * (self.epoch + rows * self.row_epoch)

    def times(self, factor: float) -> ArrayCost:
        """Return a cost that is ``factor`` times this one."""
        return ArrayCost(*(factor * part for part in astuple(self)))

    def longer(self, factor: float) -> ArrayCost:
        """Return the cost with epochs that are ``factor`` times as long."""
        return ArrayCost(self.set_up, self.row_set_up, factor * self.epoch, factor * self.row_epoch)


def modelled_cost(steps: int, examples: float, multiply_adds: float, rate: float) -> ArrayCost:
    """Return the cost by the model of a machine; trials tell more (:mod:`study.planning.trials`).

    Args:
        steps: of an epoch.
        examples: of an epoch, each counted as many times as a forward pass over it is worth: three in training, one
            in every evaluation.
        multiply_adds: of a forward pass for one example.
        rate: multiply-adds per second of one thread.
    """
    products = examples * multiply_adds / (ENGINE_SHARE * rate)
    return ArrayCost(SET_UP_SECONDS, ROW_SET_UP_SECONDS, steps * STEP_SECONDS, steps * ROW_STEP_SECONDS + products)


@dataclass(frozen=True)
class Arrays:
    """The arrays in which replicas of an arm train, of a single-task arm those for tasks that are alike.

    Args:
        cost: of an array, in time.
        tasks: number of tasks whose single-task replicas train together; 1 for other arms.
        most_rows: replicas of an array, at most.
    """

    cost: ArrayTime
    tasks: int
    most_rows: int

    def longer(self, factor: float) -> Arrays:
        """Return the same arrays with epochs that are ``factor`` times as long."""
        return Arrays(self.cost.longer(factor), self.tasks, self.most_rows)

    def at_once(self, arrays: float, seeds: float = math.inf) -> Arrays:
        """Return the same arrays where so many train on the device at once, with rows of so many seeds at most."""
        return Arrays(self.cost.at_once(arrays, seeds * self.tasks), self.tasks, self.most_rows)

    def number(self, rows: float) -> int:
        """Return how many arrays ``rows`` replicas are, of a single-task arm so many of each task."""
        return math.ceil(rows * self.tasks / self.most_rows)

    def seconds(self, rows: float, epochs: float) -> float:
        """Return the seconds of ``rows`` replicas for ``epochs``, of a single-task arm so many of each task."""
        return self.cost.shards(rows * self.tasks, epochs, self.most_rows)


@dataclass(frozen=True)
class Point:
    """The cost of one network that was tried: its multiply-adds per example, and the cost."""

    multiply_adds: float
    cost: ArrayCost


def between(points: Iterable[Point], multiply_adds: float) -> ArrayCost:
    """Return the cost at ``multiply_adds``, on straight lines between ``points``; beyond them that of the nearest."""
    low, high, share = neighbours(points, multiply_adds)
    return low.cost if share == 0 else ArrayCost(*_mixed(low.cost, high.cost, share))


class Sized(Protocol):
    """What is known of one network."""

    @property
    def multiply_adds(self) -> float:
        """Of a forward pass for one example."""
        ...


SizedNetwork = TypeVar("SizedNetwork", bound=Sized)


def neighbours(networks: Iterable[SizedNetwork], multiply_adds: float) -> tuple[SizedNetwork, SizedNetwork, float]:
    """Return the networks on both sides of ``multiply_adds``, and the share of the way from the first to the second.

    Beyond all of them that is the nearest one, twice, and 0.
    """
    ordered = sorted(networks, key=lambda network: network.multiply_adds)
    for low, high in pairwise(ordered):
        if low.multiply_adds <= multiply_adds < high.multiply_adds:
            return low, high, (multiply_adds - low.multiply_adds) / (high.multiply_adds - low.multiply_adds)
    nearest = ordered[0] if multiply_adds < ordered[0].multiply_adds else ordered[-1]
    return nearest, nearest, 0.0


def _mixed(low: ArrayCost, high: ArrayCost, share: float) -> Iterator[float]:
    for one, other in zip(astuple(low), astuple(high), strict=True):
        yield one + share * (other - one)
