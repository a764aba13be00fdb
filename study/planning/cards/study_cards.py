"""The GPUs that train a study, of one kind or several: how its shards are packed on them, and what they take.

Shards are cut before it is known where each of them will train.  So where cards differ, a shard has the rows of the
kind that holds the fewest, and as many shards share a card everywhere: as many as train most replicas on all cards
together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mtl_core.recipe import Recipe
from study.planning.array_cost import ArrayCost, ArrayTime
from study.planning.cards.card_packing import CardPacking
from study.planning.cards.card_times import CardCost, CardNetwork, epoch_time
from study.planning.cards.choice import NUMBERS, fewest_that_pay, shared_seconds
from study.planning.phase_work import most_replicas
from study.planning.plan import Plan
from study.planning.trials import Kind, Network


@dataclass(frozen=True)
class CardKind:
    """GPUs of one kind.

    Args:
        packing: of the study, if it had no other cards.
        networks: of the study that were measured on such a card.
        number: of such cards.
        seconds: that measuring has taken.
        unkept: why what was measured could not be kept for other studies; empty: it was.
    """

    packing: CardPacking
    networks: Sequence[CardNetwork]
    number: int
    seconds: float = 0.0
    unkept: str = ""

    def measurement(self) -> dict[str, Any]:
        """Return how long measuring has taken, and why it could not be kept where it was not, as JSON has it."""
        return {"seconds": round(self.seconds, 3)} | ({"unkept": self.unkept} if self.unkept else {})


@dataclass(frozen=True)
class StudyCards:
    """The GPUs that train a study.

    Args:
        kinds: by what was measured; at least one.
        is_settled: whether so many shards share a card whatever else is found, since the study was begun so.
    """

    kinds: tuple[CardKind, ...]
    is_settled: bool = False

    @property
    def arrays(self) -> int:
        """How many shards share a card."""
        return self.kinds[0].packing.arrays

    @property
    def number(self) -> int:
        """How many cards there are."""
        return sum(kind.number for kind in self.kinds)

    @property
    def places(self) -> int:
        """How many shards the cards train at once."""
        return self.number * self.arrays

    @property
    def is_measured(self) -> bool:
        """Whether some network was measured on every kind of card."""
        return all(kind.networks for kind in self.kinds)

    def rows(self, recipe: Recipe, tasks: tuple[str, ...]) -> int:
        """Return how many replicas of ``recipe`` train as one array, at most, on any of the cards.

        Args:
            recipe: of the replicas.
            tasks: that each of them learns.
        """
        return min(kind.packing.rows(recipe, tasks) for kind in self.kinds)

    def lower(self, recipe: Recipe, tasks: tuple[str, ...], rows: int) -> None:
        """Note that memory has run out; which kind of card it was is not known, and taken to be the one that decides.

        Args:
            recipe: of the replicas.
            tasks: that each of them learns.
            rows: that are tried next.
        """
        deciding = min(self.kinds, key=lambda kind: kind.packing.rows(recipe, tasks))
        deciding.packing.lower(recipe, tasks, rows)

    def shared_by(self, arrays: int) -> StudyCards:
        """Return the same cards, each shared by so many arrays."""
        kinds = tuple(replace(kind, packing=kind.packing.shared_by(arrays)) for kind in self.kinds)
        return replace(self, kinds=kinds)

    def packed_for(self, plan: Plan, networks: Iterable[Network], most: int) -> StudyCards:
        """Return the cards, each shared by as many arrays as pay for a study; as they are where that is settled.

        Args:
            plan: of the study.
            networks: of the plan's arms, in their order.
            most: arrays on a card that there are workers for.
        """
        if self.is_settled:
            return self
        most = max(min(most, len(plan.arms), NUMBERS[-1]), 1)
        loads = list(_loads(plan, networks))
        measured = [kind for kind in self.kinds if any(one.measured is not None for one in kind.packing.known)]
        if not measured:
            return self.shared_by(most)
        return self.shared_by(fewest_that_pay(lambda arrays: self._total(measured, loads, arrays), most))

    def on(self, kind: CardKind) -> OnCard:
        """Return what arrays take on a card of ``kind``, one of :attr:`kinds`, that each of them has to itself."""
        return OnCard(self, kind)

    def _total(self, kinds: Sequence[CardKind], loads: Sequence[_Load], arrays: int) -> float:
        """Time of all loads on all cards, in the unit of their weights, where so many arrays share a card."""
        shared = self.shared_by(arrays)
        rows = [shared.rows(load.recipe, load.tasks) for load in loads]
        rate = 0.0
        for kind in kinds:
            packing, total = kind.packing, 0.0
            for load, number in zip(loads, rows, strict=True):
                measured = packing.samples_of(packing.known_of(load.recipe, load.tasks))
                assert measured is not None
                total += load.weight * shared_seconds(measured, number, arrays) / (arrays * number)
            rate += kind.number / total
        return 1 / rate


@dataclass(frozen=True)
class OnCard:
    """One of a study's cards, as the forecast asks for what its networks take."""

    cards: StudyCards
    kind: CardKind

    def rows(self, recipe: Recipe, tasks: tuple[str, ...]) -> int:
        """Return how many replicas of ``recipe`` train as one array, at most, each of them on ``tasks``."""
        return self.cards.rows(recipe, tasks)

    def time(self, kind: Kind, multiply_adds: float, modelled: ArrayCost) -> ArrayTime:
        """Return what arrays of a network take for which the model of a processor says ``modelled``."""
        return CardCost(epoch_time(self.kind.networks, kind, multiply_adds, modelled))


@dataclass(frozen=True)
class _Load:
    """The part of a study's training that an arm is: recipe, tasks of a replica, and number of replicas."""

    recipe: Recipe
    tasks: tuple[str, ...]
    weight: float


def _loads(plan: Plan, networks: Iterable[Network]) -> Iterable[_Load]:
    """The parts of a study's training."""
    replicas = most_replicas(plan)
    for arm, network in zip(plan.arms, networks, strict=True):
        tasks = tuple(task.name for task in network.view.tasks)
        yield _Load(network.recipe, tasks, float(replicas * (len(plan.tasks) if arm.is_single_task else 1)))
