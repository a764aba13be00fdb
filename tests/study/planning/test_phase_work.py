"""The work of a study's phases: halving, what the verdict usually judges, and how many seeds it usually adds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from study.planning.arm import Arm
from study.planning.array_cost import SHARD_SECONDS, ArrayCost, Arrays
from study.planning.phase_work import PhaseWork
from tests.study.planning.test_forecast import plan


def arrays(arm: Arm) -> list[Arrays]:
    """Every row takes a second an epoch, and an array nothing."""
    return [Arrays(ArrayCost(0.0, 0.0, 0.0, 1.0), 1, 16)] * (3 if arm.is_single_task else 1)


def fixed(arm: Arm) -> list[Arrays]:
    """An array takes a second an epoch, and its rows nothing."""
    return [Arrays(ArrayCost(0.0, 0.0, 1.0, 0.0), 1, 16)]


def work(**parts: Any) -> PhaseWork:
    return PhaseWork(plan(**parts), arrays)


ONE = {"factors": {"sharing": ["hard"], "depth": [1], "stages": [1], "width": [8]}, "verdict": {"judge": []}}
FOUR = {"factors": {"sharing": ["hard"], "depth": [1, 2], "stages": [2], "width": [8, 16]}}


def test_the_search_halves_the_draws() -> None:
    parts = ONE | {"tuning": {"draws": 8}, "training": {"epochs": 40}, "search": {"seeds": 1}}
    whole, halved = (work(**parts | {"search": {"seeds": 1, "rungs": rungs}}).search() for rungs in ([], [0.5]))
    rows = 1 + 1 + 3 + 3 + 0.3  # the arm, ``loop``, ``each`` of three tasks, their ``total``, and now and then one more
    assert whole == pytest.approx(8 * 40 * rows, rel=0.01)
    assert halved == pytest.approx(whole * 0.75, rel=0.02)


def test_confirm_trains_the_chosen_draws_on_its_seeds() -> None:
    found = work(**ONE | {"confirm": {"seeds": 5}, "training": {"epochs": 40}}).confirm()
    assert found == pytest.approx(5 * 40 * 5 + 5 * SHARD_SECONDS)


def test_the_verdict_usually_goes_on_to_the_most_seeds_in_blocks_but_not_under_a_budget() -> None:
    assert work(verdict={"seeds": 10, "max_seeds": 40}).verdict_blocks == [10, 10, 20]
    assert work(verdict={"seeds": 10, "max_seeds": 12}).verdict_blocks == [10, 2]
    assert work(verdict={"seeds": 10, "max_seeds": 40}, budget="2h").verdict_blocks == [10]
    assert work(verdict={"seeds": 60}).verdict() > work(verdict={"seeds": 10}).verdict()


def test_the_verdict_trains_the_chosen_arm_its_baselines_and_at_times_others() -> None:
    parts = ONE | {"training": {"epochs": 40}, "verdict": {"seeds": 10, "max_seeds": 10, "judge": []}}
    rows = 1 + 1 + 3 * 1.5 + 3 + 0.3  # the arm, ``loop``, ``each``, half of ``best``, ``total``, at times a follow-up
    assert work(**parts).verdict() == pytest.approx(10 * 40 * rows, rel=0.01)


def test_a_reference_is_judged_beside_the_chosen_arm_the_more_often_the_more_arms_there_are() -> None:
    """Of one arm it is the chosen one itself; of four arms two are references."""
    judged = {"verdict": {"seeds": 10, "max_seeds": 10, "judge": ["fully_shared"], "follow_up": False}}
    alone = {"verdict": judged["verdict"] | {"judge": []}}
    assert work(**ONE | judged).verdict() == pytest.approx(work(**ONE | alone).verdict())
    four = FOUR | {"training": {"epochs": 40}}
    more = work(**four | judged).verdict() - work(**four | alone).verdict()
    assert more == pytest.approx(0.5 * 10 * 40 * (1 + 3), rel=0.01), "half of the time the reference and its ``total``"


def test_a_population_trains_members_and_constant_weights_and_the_verdict_both_of_them() -> None:
    parts = FOUR | {"training": {"epochs": 40}, "verdict": {"seeds": 10, "max_seeds": 10}}
    grid, population = (work(**parts, search={"seeds": 2, "strategy": name}) for name in ("grid", "population"))
    assert population.search() - grid.search() == pytest.approx(2 * 12 * 2 * 40, rel=0.01)
    assert population.confirm() == grid.confirm()
    assert population.verdict() - grid.verdict() == pytest.approx(2 * 10 * 40, rel=0.02)


def test_outer_folds_choose_arms_of_their_own_whose_replicas_share_fewer_arrays() -> None:
    """Rows are as many, but for the baselines that each fold searches itself; arrays are more."""
    made = plan(**FOUR, search={"seeds": 5}, verdict={"seeds": 10, "max_seeds": 10})
    whole, apart = (PhaseWork(replace(made, folds=folds), fixed) for folds in (1, 5))
    assert apart.verdict() > 1.2 * whole.verdict()
    whole, apart = (PhaseWork(replace(made, folds=folds), arrays) for folds in (1, 5))
    assert apart.verdict() == pytest.approx(whole.verdict(), rel=0.01)
    assert apart.search() > whole.search()


def test_epochs_may_be_others_than_the_studys() -> None:
    made = plan(**ONE)
    scoring, training = PhaseWork(made, arrays, epochs=1.0).confirm(), PhaseWork(made, arrays).confirm()
    shards = 5 * SHARD_SECONDS
    assert (training - shards) == pytest.approx(made.spec.training.epochs * (scoring - shards))
