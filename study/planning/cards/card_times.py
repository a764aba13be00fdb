"""What networks of a study take on a GPU, by those of them that were measured there.

A network of a kind that was measured lies between two that were, by its multiply-adds.  A kind that was not measured
differs from the model of a processor as those differ that were, at the same number of rows: a card takes about as long
for a few rows as for many, and a processor does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from study.planning.array_cost import ArrayCost, ArrayTime, neighbours
from study.planning.cards.choice import shared_seconds
from study.planning.cards.samples import EpochTime, Measured
from study.planning.trials import Kind


@dataclass(frozen=True)
class CardNetwork:
    """A network that was measured on a card.

    Args:
        kind: see :func:`study.planning.trials.kind_of`.
        multiply_adds: of a forward pass for one example.
        modelled: its cost by the model of a processor.
        measured: what was measured of its arrays.
    """

    kind: Kind
    multiply_adds: float
    modelled: ArrayCost
    measured: Measured


@dataclass(frozen=True)
class Between:
    """The time of a network that lies between two, on straight lines: ``share`` of the way from one to the other."""

    low: Measured
    high: Measured
    share: float

    @property
    def set_up(self) -> float:
        """See :class:`study.planning.cards.samples.EpochTime`."""
        return self._mixed(self.low.set_up, self.high.set_up)

    @property
    def row_set_up(self) -> float:
        """See :class:`study.planning.cards.samples.EpochTime`."""
        return self._mixed(self.low.row_set_up, self.high.row_set_up)

    @property
    def seed_set_up(self) -> float:
        """See :class:`study.planning.cards.samples.EpochTime`."""
        return self._mixed(self.low.seed_set_up, self.high.seed_set_up)

    @property
    def row_seconds(self) -> float:
        """See :class:`study.planning.cards.samples.EpochTime`."""
        return self._mixed(self.low.row_seconds, self.high.row_seconds)

    def seconds(self, rows: float) -> float:
        """Return the seconds of an epoch of ``rows``."""
        return self._mixed(self.low.seconds(rows), self.high.seconds(rows))

    def _mixed(self, low: float, high: float) -> float:
        return low + self.share * (high - low)


@dataclass(frozen=True)
class AsOthers:
    """The time of a network that differs from the model of a processor as others do that were measured."""

    others: Sequence[CardNetwork]
    modelled: ArrayCost

    @property
    def set_up(self) -> float:
        """See :class:`study.planning.cards.samples.EpochTime`: their mean, since no model knows of it."""
        return _mean([one.measured.set_up for one in self.others])

    @property
    def row_set_up(self) -> float:
        """See :class:`study.planning.cards.samples.EpochTime`: their mean, too."""
        return _mean([one.measured.row_set_up for one in self.others])

    @property
    def seed_set_up(self) -> float:
        """See :class:`study.planning.cards.samples.EpochTime`: their mean, too."""
        return _mean([one.measured.seed_set_up for one in self.others])

    @property
    def row_seconds(self) -> float:
        """See :class:`study.planning.cards.samples.EpochTime`."""
        taken = sum(one.measured.row_seconds for one in self.others)
        return self.modelled.row_epoch * taken / sum(one.modelled.row_epoch for one in self.others)

    def seconds(self, rows: float) -> float:
        """Return the seconds of an epoch of ``rows``."""
        taken = sum(one.measured.seconds(rows) for one in self.others)
        return _epoch(self.modelled, rows) * taken / sum(_epoch(one.modelled, rows) for one in self.others)


@dataclass(frozen=True)
class CardCost(ArrayTime):
    """The time of replicas that train as one array on a card which several arrays share, by the packing's rule.

    Args:
        epoch: what an epoch takes an array that has the card to itself.
        arrays: that train on the card at once, on average.
        times: epochs that each is worth.
        seeds: of the rows, at most.
    """

    epoch: EpochTime
    arrays: float = 1.0
    times: float = 1.0
    seeds: float = math.inf

    def seconds(self, rows: float, epochs: float) -> float:
        """Return the seconds of an array of ``rows`` for ``epochs``."""
        of_rows = rows * self.epoch.row_set_up + min(rows, self.seeds) * self.epoch.seed_set_up
        set_up = self.epoch.set_up + of_rows
        return set_up + epochs * self.times * shared_seconds(self.epoch, rows, self.arrays)

    def longer(self, factor: float) -> CardCost:
        """Return the time with epochs that are ``factor`` times as long."""
        return replace(self, times=factor * self.times)

    def at_once(self, arrays: float, seeds: float = math.inf) -> CardCost:
        """Return the time where so many such arrays train on the card at once, with rows of so many seeds at most."""
        return replace(self, arrays=arrays, seeds=seeds)


def epoch_time(networks: Sequence[CardNetwork], kind: Kind, multiply_adds: float, modelled: ArrayCost) -> EpochTime:
    """Return what arrays of a network take, by ``networks``, of which there is at least one.

    Args:
        networks: that were measured.
        kind: of the network.
        multiply_adds: of a forward pass for one example.
        modelled: what the model of a processor says of the network.
    """
    same = [one for one in networks if one.kind == kind]
    if not same:
        return AsOthers(networks, modelled)
    low, high, share = neighbours(same, multiply_adds)
    return low.measured if share == 0 else Between(low.measured, high.measured, share)


def _epoch(cost: ArrayCost, rows: float) -> float:
    return cost.epoch + rows * cost.row_epoch


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
