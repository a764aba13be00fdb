"""Search strategy ``population``: a grid, and beside it task weights that change during the training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.records.explored import FIXED, SCHEDULED
from mtl_core.errors import UserError
from mtl_core.randomness.seeding import stream_seed
from mtl_core.search_space import Simplex
from study.planning.arm import EQUAL, HARD, Arm
from study.planning.draws import points
from study.planning.policy import Amount, Answer, Origin, Policy, Round, Trial
from study.planning.search_space import SearchSpace
from study.planning.strategies.grid import Grid

MEMBERS = 12
"""Members of a population for which a study has no number."""
FEWEST_MEMBERS = 4
INTERVALS = 8
"""Parts of the training at whose ends weights may change; fewer in shorter trainings."""
QUARTER = 4
"""One in so many members is replaced at the end of an interval, by one in so many of the best."""
FACTORS = (0.8, 1.25)
"""A copied weight is multiplied by one of these."""
STREAM = "population"
"""Of the random numbers that the first weights and all changes are drawn from."""

Weights = Sequence[float]


@dataclass(frozen=True)
class Member:
    """A member of a population: a schedule of task weights.

    Args:
        draw: its number; what replaces it has another one.
        schedule: weights of every interval, on the simplex; those to come are the present ones.
        origin: the member that it has just been copied from.
    """

    draw: int
    schedule: tuple[Weights, ...]
    origin: Origin | None = None

    def trial(self, arm: Arm, common: Mapping[str, Any], starts: Sequence[float]) -> Trial:
        """Return the trial that trains the member."""
        pieces = [[start, *weights] for start, weights in zip(starts, self.schedule, strict=True)]
        return Trial(arm, self.draw, {**common, "pieces": pieces}, origin=self.origin)


class Population(Grid):
    """A grid, and beside it a population that looks for a schedule of task weights for the fully shared network.

    Members are networks with task weights of their own, each with all search seeds and with the other hyperparameters
    that the search has selected for equal weights.  At the end of each of eight intervals the worst quarter, by
    validation skill in the interval, are replaced: each becomes a copy of a member drawn from the best quarter, network
    and optimiser included, and goes on with weights that are multiplied by 0.8 or 1.25 and scaled to their old sum.
    ``trials`` is the number of members, twelve by default.  The schedule of the best member at the end is trained from
    scratch on the verdict seeds, beside equal weights and the best of as many constant ones with as much training.
    It is no candidate: the choice of an arm, maps and verdicts are those of a grid.

    Source: M. Jaderberg et al., "Population based training of neural networks", arXiv 2017.

    Differs from the paper: only task weights are perturbed; a copy keeps the random streams of what it copies, so that
    it is that very training with another schedule, and can be repeated from scratch; what is judged is the schedule and
    not the network; all members wait for each other at the end of an interval.
    """

    explores = True
    bounded = True

    def check(self, space: SearchSpace) -> None:
        """Refuse a study without a fully shared network of equal weights, or with a candidate that is explored, too.

        Raises:
            UserError: naming what to change.
        """
        if not fully_shared(space):
            found = "population needs a fully shared network with equal weights."
            raise UserError("search.strategy", found, "Have hard, the largest depth and equal among the factors.")
        if also := {SCHEDULED, FIXED} & {arm.weighting for arm in space.candidates if arm.sharing == HARD}:
            found = f"population explores {' and '.join(sorted(also))} weights of fully shared networks itself."
            raise UserError("factors.weighting", found, "Take them out of the factors, or choose another strategy.")

    def beside(self, space: SearchSpace) -> Amount:
        """Return how much the population and the constant weights train."""
        members = num_members(space)
        copies = (len(ends_of(space)) - 1) * _replaced(members)
        return Amount(2 * members + copies, 2 * members * space.epochs)

    def in_words(self, space: SearchSpace) -> str:
        members = num_members(space)
        return (
            f"every arm and every baseline gets the same {len(space.draws)} draws; beside them, exploratory and no "
            f"part of the comparison, a population of {members} fully shared networks looks for a schedule of task "
            f"weights, which takes what {members} draws to the last epoch take, and {members} constant weights as much"
        )


def fully_shared(space: SearchSpace) -> list[Arm]:
    """Return the candidates that share everything, with equal weights."""
    equal = EQUAL["weighting"]
    return [
        arm for arm in space.candidates if arm.sharing == HARD and arm.depth == arm.stages and arm.weighting == equal
    ]


def num_members(space: SearchSpace) -> int:
    """Return the number of members."""
    return max(space.most_trials(MEMBERS), FEWEST_MEMBERS)


def ends_of(space: SearchSpace) -> list[int]:
    """Return the epochs at which intervals end, the last of all included."""
    return sorted({math.ceil(space.epochs * number / INTERVALS) for number in range(1, INTERVALS + 1)})


def evolve(space: SearchSpace, arm: Arm, common: Mapping[str, Any]) -> Policy:
    """Train a population of ``arm``, whose weighting is ``scheduled``; with the hyperparameters in ``common``."""
    ends = ends_of(space)
    starts = [end / space.epochs for end in (0, *ends[:-1])]
    members = [Member(draw, (weights,) * len(ends)) for draw, weights in enumerate(_first_weights(space))]
    for number, end in enumerate(ends):
        since = ends[number - 1] if number else 0
        answers = yield Round([member.trial(arm, common, starts) for member in members], end, since)
        if end < space.epochs:
            members = _next_members(members, answers, number + 1, end)


def hold(space: SearchSpace, arm: Arm, common: Mapping[str, Any]) -> Policy:
    """Train ``arm``, whose weighting is ``fixed``, with the weights of which a population begins."""
    constant = enumerate(_first_weights(space))
    yield Round([Trial(arm, draw, {**common, "weights": list(weights)}) for draw, weights in constant], space.epochs)


def _first_weights(space: SearchSpace) -> list[Weights]:
    """Equal weights, then others from all over the simplex."""
    simplex = Simplex(len(space.tasks))
    drawn = points({"weights": simplex}, num_members(space), STREAM)
    return [simplex.centre(), *(point["weights"] for point in drawn[1:])]


def _replaced(members: int) -> int:
    return max(members // QUARTER, 1)


def _next_members(members: Sequence[Member], answers: Sequence[Answer], interval: int, epochs: int) -> list[Member]:
    """The members of the next interval: the worst become copies of some of the best, with perturbed weights.

    What is drawn depends on the interval and on the rank of who is replaced, and not on the order of ``members``.
    """
    skills = {member.draw: answer.skill for member, answer in zip(members, answers, strict=True)}
    ranked = sorted(members, key=lambda member: (-skills[member.draw], member.draw))
    number = _replaced(len(members))
    going_on = [replace(member, origin=None) for member in ranked[:-number]]
    for rank in range(number):
        parent = ranked[stream_seed(0, STREAM, interval, rank, "parent") % number]
        before, left = parent.schedule[:interval], len(parent.schedule) - interval
        weights = _perturbed(parent.schedule[interval], interval, rank)
        draw = len(members) + (interval - 1) * number + rank
        going_on.append(Member(draw, (*before, *[weights] * left), Origin(parent.draw, epochs)))
    return going_on


def _perturbed(weights: Weights, interval: int, rank: int) -> Weights:
    """The weights, each multiplied by one of :data:`FACTORS`, with the same sum as before."""
    moved = [
        weight * FACTORS[stream_seed(0, STREAM, interval, rank, "weight", place) % len(FACTORS)]
        for place, weight in enumerate(weights)
    ]
    return [weight / sum(moved) for weight in moved]
