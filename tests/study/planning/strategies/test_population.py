"""Strategy ``population``: the worst become copies of the best, and the better direction is found."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from mtl_core.errors import UserError
from mtl_core.weighting.scheduled import check
from study.planning.arm import Arm
from study.planning.policy import Answer, Round, Trial
from study.planning.search_space import SearchSpace
from study.planning.strategies import population
from study.planning.strategies.grid import Grid
from study.planning.strategies.population import Population, ends_of, evolve, fully_shared, hold, num_members
from tests.study.planning.planned import plan
from tests.study.planning.strategies.played import by_hash, play, play_all, space

COMMON = {"learning_rate": 0.1}


def long(**changes: Any) -> SearchSpace:
    """A space whose trainings have twenty epochs, which eight intervals do not divide."""
    return space(training={"epochs": 20}, **changes)


def scheduled(among: SearchSpace) -> Arm:
    return replace(fully_shared(among)[0], weighting="scheduled")


def evolved(
    among: SearchSpace, answer: Callable[[Trial, int], Answer] = by_hash
) -> tuple[list[Round], Callable[[Trial, int], Answer]]:
    _, asked = play(evolve(among, scheduled(among), COMMON), answer)
    rounds = [one for one in asked if isinstance(one, Round)]
    assert len(rounds) == len(asked)
    return rounds, answer


def weights_at(trial: Trial, number: int) -> list[float]:
    assert trial.hyperparameters is not None
    return trial.hyperparameters["pieces"][number][1:]


def test_it_trains_in_intervals_that_end_with_epochs_and_counts_the_skill_of_each() -> None:
    rounds, _ = evolved(long())
    assert [one.epochs for one in rounds] == [3, 5, 8, 10, 13, 15, 18, 20] == ends_of(long())
    assert [one.since for one in rounds] == [0, 3, 5, 8, 10, 13, 15, 18]
    for one in rounds:
        assert len(one.trials) == num_members(long()) == 12
        for trial in one.trials:
            assert trial.hyperparameters is not None
            assert trial.hyperparameters["learning_rate"] == 0.1
            check(trial.hyperparameters["pieces"], 2)
            starts = [piece[0] for piece in trial.hyperparameters["pieces"]]
            assert [round(20 * start) for start in starts] == [0, 3, 5, 8, 10, 13, 15, 18]
    assert ends_of(replace(long(), rungs=(3,))) == [1, 2, 3]


def test_the_worst_quarter_become_copies_of_the_best_with_other_weights_from_then_on() -> None:
    rounds, answer = evolved(long())
    for number, (before, after) in enumerate(pairwise(rounds)):
        skill = {trial.draw: answer(trial, before.epochs).skill for trial in before.trials}
        ranked = sorted(skill, key=lambda draw: -skill[draw])
        known = {trial.draw: trial for trial in before.trials}
        new = [trial for trial in after.trials if trial.draw not in known]
        assert {trial.draw for trial in after.trials if trial.draw in known} == set(ranked[:-3])
        assert len(new) == 3
        for trial in new:
            assert trial.origin is not None
            assert trial.origin.epochs == before.epochs
            assert trial.origin.draw in ranked[:3]
            parent = known[trial.origin.draw]
            assert [weights_at(trial, at) for at in range(number + 1)] == [
                weights_at(parent, at) for at in range(number + 1)
            ]
            moved = [
                own / old for own, old in zip(weights_at(trial, number + 1), weights_at(parent, number), strict=True)
            ]
            assert any(
                all(math.isclose(one, other) for one, other in zip(moved, factors, strict=True))
                for factors in possible_factors(weights_at(parent, number))
            )
    assert {trial.origin for trial in rounds[0].trials} == {None}
    draws = [trial.draw for one in rounds for trial in one.trials]
    assert len(set(draws)) == 12 + 7 * 3


def possible_factors(weights: list[float]) -> list[list[float]]:
    """Factors of two weights that are multiplied by 0.8 or 1.25 and scaled to their old sum."""
    found = []
    for first in (0.8, 1.25):
        for second in (0.8, 1.25):
            total = first * weights[0] + second * weights[1]
            found.append([first / total, second / total])
    return found


def test_what_is_drawn_does_not_depend_on_the_order_of_the_members() -> None:
    members = [population.Member(draw, ((0.5, 0.5),) * 3) for draw in range(8)]
    answers = [Answer(0.1 * ((3 * draw) % 8)) for draw in range(8)]
    order = [5, 2, 7, 0, 1, 6, 3, 4]
    expected = population._next_members(members, answers, 1, 4)
    shuffled = population._next_members([members[at] for at in order], [answers[at] for at in order], 1, 4)
    assert shuffled == expected


def test_a_task_that_only_harms_is_weighed_down_further_than_any_member_began() -> None:
    """The skill of an interval falls with the weight of the second task in it."""

    def harmed(trial: Trial, epochs: int) -> Answer:
        return Answer(-weights_at(trial, ends_of(long()).index(epochs))[1])

    rounds, _ = evolved(long(), harmed)
    first = [weights_at(trial, 0)[1] for trial in rounds[0].trials]
    last = [weights_at(trial, 7)[1] for trial in rounds[-1].trials]
    assert min(last) < 0.75 * min(first)
    assert sum(last) / len(last) < 0.5 * sum(first) / len(first)


def test_members_begin_with_equal_weights_and_with_others_from_all_over() -> None:
    rounds, _ = evolved(long(search={"trials": 16}))
    first = [weights_at(trial, 0)[0] for trial in rounds[0].trials]
    assert first[0] == 0.5
    assert len(set(first)) == 16
    assert min(first) < 0.2 < 0.8 < max(first)


def test_constant_weights_get_as_much_training() -> None:
    among = long()
    arm = replace(fully_shared(among)[0], weighting="fixed")
    _, asked = play(hold(among, arm, COMMON))
    (one,) = [one for one in asked if isinstance(one, Round)]
    rounds, _ = evolved(among)
    assert one.epochs == 20
    assert [trial.hyperparameters["weights"] for trial in one.trials if trial.hyperparameters] == [
        list(weights_at(trial, 0)) for trial in rounds[0].trials
    ]
    beside = Population().beside(among)
    assert beside.trials == 12 + len({trial.draw for one in rounds for trial in one.trials})
    assert beside.epochs == 2 * 12 * 20
    assert Grid().beside(among).trials == 0


def test_the_arms_are_searched_as_in_a_grid() -> None:
    among = space()
    assert play_all(Population(), among)[1] == play_all(Grid(), among)[1]
    assert Population().of_candidates(among) == Grid().of_candidates(among)
    assert "exploratory" in Population().in_words(among)


@pytest.mark.parametrize(
    ("factors", "where", "says"),
    [
        ({"depth": [1], "stages": [2]}, "search.strategy", "fully shared"),
        ({"weighting": ["uncertainty"]}, "search.strategy", "equal"),
        ({"weighting": ["equal", "fixed"]}, "factors.weighting", "fixed"),
        ({"weighting": ["equal", "scheduled"]}, "factors.weighting", "scheduled"),
    ],
)
def test_a_study_without_what_it_explores_is_refused(factors: dict[str, Any], where: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as refused:
        plan(factors=factors, search={"strategy": "population"})
    assert refused.value.where == where


def test_the_plan_counts_and_says_what_is_explored() -> None:
    grid, explored = (plan(search={"strategy": name, "seeds": 2}) for name in ("grid", "population"))
    more = {phase: number - grid.counts()[phase] for phase, number in explored.counts().items()}
    beside = Population().beside(explored.space())
    assert more == {"search": 2 * beside.trials, "confirm": 0, "verdict": 3 * len(grid.seeds("verdict"))}
    assert not grid.searched
    assert "12 fully shared networks" in explored.searched
