"""How long the phases of a plan last, on processors or on GPUs, and how many shards train at once meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from analysis.records.phases import PHASES
from study.planning.arm import Arm
from study.planning.array_cost import Arrays
from study.planning.cards.study_cards import StudyCards
from study.planning.network_costs import NetworkCosts
from study.planning.phase_work import ArraysOf, PhaseWork
from study.planning.plan import Plan

RAY_PAYS_SECONDS = 60.0
"""Where the back end is left to the program, it takes Ray when more workers save more than this."""


@dataclass(frozen=True)
class PhaseTimes:
    """Times of the phases of a plan.

    Args:
        wall: seconds of each phase.
        busy: seconds for which workers train, all together.
        work: seconds for which they occupy processors or GPUs; one that has half a GPU counts half.
        workers: shards that train at once.
        cards: the GPUs, packed as these times have it; ``None``: processors train.
    """

    wall: Mapping[str, float]
    busy: float
    work: float
    workers: int
    cards: StudyCards | None = None

    @property
    def seconds(self) -> float:
        """Seconds of all phases."""
        return sum(self.wall.values())


def workers_of(backend: str, workers: int, seconds: float) -> int:
    """Return how many processes train: one, unless Ray is asked for, or saves more than its start costs.

    Args:
        backend: ``auto``, ``inline`` or ``ray``.
        workers: that there may be.
        seconds: processor seconds of training.
    """
    return workers if _pays(backend, seconds * (1 - 1 / workers)) else 1


def times_on_processors(plan: Plan, arrays_of: ArraysOf, workers: int, backend: str) -> PhaseTimes:
    """Return the times of ``plan`` on processors.

    Args:
        plan: what is trained.
        arrays_of: the arrays in which replicas of an arm train, on a processor.
        workers: processes that may train.
        backend: ``auto``, ``inline`` or ``ray``.
    """
    phases = _phases(plan, arrays_of)
    busy = sum(phases.values())
    workers = workers_of(backend, workers, busy)
    return PhaseTimes({phase: seconds / workers for phase, seconds in phases.items()}, busy, busy, workers)


def times_on_cards(plan: Plan, costs: NetworkCosts, cards: StudyCards, workers: int, backend: str) -> PhaseTimes:
    """Return the times of ``plan`` on GPUs: one shard after the other on one of them, or several on each, which pays.

    Args:
        plan: what is trained.
        costs: of its networks, on a processor, which those of GPUs take the place of.
        cards: the GPUs; at least one network was measured on each kind of them.
        workers: processes that may train.
        backend: ``auto``, ``inline`` or ``ray``.
    """
    one = partial(_with, plan, costs, cards if cards.is_settled else cards.shared_by(1), 1)
    if backend == "inline" or workers == 1:
        return one()
    shared = cards.packed_for(plan, costs.networks(plan), math.ceil(workers / cards.number))
    several = _with(plan, costs, shared, min(workers, shared.places))
    if backend == "ray":
        return several
    alone = one()
    return several if _pays(backend, alone.seconds - several.seconds) else alone


def _with(plan: Plan, costs: NetworkCosts, cards: StudyCards, workers: int) -> PhaseTimes:
    """The times where up to so many shards train at once, spread evenly over the cards; the faster kinds train more.

    Shards of a card are large, so that a phase may have fewer of them than would find a place.
    """
    alone = [cache(partial(costs.on(cards.on(kind)).arrays, plan)) for kind in cards.kinds]
    wall: dict[str, float] = {}
    busy = 0.0
    for phase, shards in _shards_at_once(plan, alone[0]).items():
        number = min(workers, max(shards, 1.0))
        at_once, rate = max(number / cards.number, 1.0), 0.0
        seeds = len(plan.seeds(phase)) if phase == "search" else math.inf  # beside draws; elsewhere one of each
        for kind, arrays_of in zip(cards.kinds, alone, strict=True):
            seconds = _phase(plan, phase, cache(partial(_beside_others, arrays_of, at_once, seeds)))
            rate += number * kind.number / cards.number / seconds if seconds else math.inf
        wall[phase] = 1 / rate
        busy += number * wall[phase]
    return PhaseTimes(wall, busy, busy / max(workers / cards.number, 1.0), workers, cards)


def _beside_others(
    arrays_of: Callable[[Arm], Sequence[Arrays]], at_once: float, seeds: float, arm: Arm
) -> list[Arrays]:
    """The arrays of an arm, of which so many train on a card at once, with rows of so many seeds at most."""
    return [arrays.at_once(at_once, seeds) for arrays in arrays_of(arm)]


def _shards_at_once(plan: Plan, arrays_of: Callable[[Arm], Sequence[Arrays]]) -> dict[str, float]:
    """How many shards every phase has to train at one time: those of a rung, or of a block of verdict seeds."""

    @cache
    def counted(arm: Arm) -> list[_Shards]:
        return [_Shards(arrays) for arrays in arrays_of(arm)]

    blocks = len(PhaseWork(plan, counted).verdict_blocks)
    rounds = {"search": len(plan.spec.search.rungs) + 1, "confirm": 1, "verdict": blocks}
    return {phase: _phase(plan, phase, counted) / number for phase, number in rounds.items()}


@dataclass(frozen=True)
class _Shards:
    """Arrays that take a second each, so that what adds up seconds counts shards."""

    arrays: Arrays

    def seconds(self, rows: float, epochs: float) -> float:
        """Return the number of shards."""
        return self.arrays.number(rows)


def _phases(plan: Plan, arrays_of: ArraysOf) -> dict[str, float]:
    return {phase: _phase(plan, phase, arrays_of) for phase in PHASES}


def _phase(plan: Plan, phase: str, arrays_of: ArraysOf) -> float:
    work = PhaseWork(plan, arrays_of)
    return {"search": work.search, "confirm": work.confirm, "verdict": work.verdict}[phase]()


def _pays(backend: str, saved: float) -> bool:
    return backend == "ray" or (backend == "auto" and saved > RAY_PAYS_SECONDS)
