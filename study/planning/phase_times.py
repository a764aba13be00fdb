"""How long the phases of a plan last, on processors or on GPUs, and how many shards train at once meanwhile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial

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
    alone = _with(plan, costs, cards if cards.is_settled else cards.shared_by(1), 1)
    if backend == "inline" or workers == 1:
        return alone
    shared = cards.packed_for(plan, costs.networks(plan), math.ceil(workers / cards.number))
    several = _with(plan, costs, shared, min(workers, shared.places))
    return several if _pays(backend, alone.seconds - several.seconds) else alone


def _with(plan: Plan, costs: NetworkCosts, cards: StudyCards, workers: int) -> PhaseTimes:
    """The times where so many shards train at once, spread evenly over the cards; the faster kinds train more."""
    at_once = max(workers / cards.number, 1.0)
    rates: dict[str, float] = {}
    for kind in cards.kinds:
        number = workers * kind.number / cards.number
        arrays_of = cache(partial(costs.on(cards.on(kind, at_once)).arrays, plan))
        for phase, seconds in _phases(plan, arrays_of).items():
            rates[phase] = rates.get(phase, 0.0) + (number / seconds if seconds else math.inf)
    wall = {phase: 1 / rate for phase, rate in rates.items()}
    busy = workers * sum(wall.values())
    return PhaseTimes(wall, busy, busy / at_once, workers, cards)


def _phases(plan: Plan, arrays_of: ArraysOf) -> dict[str, float]:
    work = PhaseWork(plan, arrays_of)
    return {"search": work.search(), "confirm": work.confirm(), "verdict": work.verdict()}


def _pays(backend: str, saved: float) -> bool:
    return backend == "ray" or (backend == "auto" and saved > RAY_PAYS_SECONDS)
