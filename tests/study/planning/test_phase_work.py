"""The work of a study's phases: halving, what the verdict usually judges, and how many seeds it usually adds."""

from __future__ import annotations

from typing import Any

import pytest

from study.planning.arm import Arm
from study.planning.array_cost import SHARD_SECONDS, ArrayCost, Arrays
from study.planning.phase_work import PhaseWork
from tests.study.planning.test_forecast import plan


def arrays(arm: Arm) -> list[Arrays]:
    """Every row takes a second an epoch, and an array nothing."""
    return [Arrays(ArrayCost(0.0, 0.0, 0.0, 1.0), 1, 16)] * (3 if arm.is_single_task else 1)


def work(**parts: Any) -> PhaseWork:
    return PhaseWork(plan(**parts), arrays)


ONE = {"factors": {"sharing": ["hard"], "depth": [1], "stages": [1], "width": [8]}, "verdict": {"judge": []}}


def test_the_search_halves_the_draws() -> None:
    parts = ONE | {"tuning": {"draws": 8}, "training": {"epochs": 40}, "search": {"seeds": 1}}
    whole, halved = (work(**parts | {"search": {"seeds": 1, "rungs": rungs}}).search() for rungs in ([], [0.5]))
    rows = 1 + 1 + 3 + 3 * 1.3  # the arm, ``loop``, ``each`` of three tasks, and for each judged arm ``total``
    assert whole == pytest.approx(8 * 40 * rows, rel=0.01)
    assert halved == pytest.approx(whole * 0.75, rel=0.02)


def test_confirm_trains_the_chosen_draws_on_its_seeds() -> None:
    found = work(**ONE | {"confirm": {"seeds": 5}, "training": {"epochs": 40}}).confirm()
    assert found == pytest.approx(5 * 40 * 5 + 5 * SHARD_SECONDS)


def test_the_verdict_usually_has_more_seeds_than_the_file_asks_for_but_not_under_a_budget() -> None:
    assert work(verdict={"seeds": 10, "max_seeds": 40}).verdict_seeds == 35
    assert work(verdict={"seeds": 10, "max_seeds": 12}).verdict_seeds == 12
    assert work(verdict={"seeds": 10, "max_seeds": 40}, budget="2h").verdict_seeds == 10
    assert work(verdict={"seeds": 20}).verdict() > work(verdict={"seeds": 10}).verdict()


def test_epochs_may_be_others_than_the_studys() -> None:
    made = plan(**ONE)
    scoring, training = PhaseWork(made, arrays, epochs=1.0).confirm(), PhaseWork(made, arrays).confirm()
    shards = 5 * SHARD_SECONDS
    assert (training - shards) == pytest.approx(made.spec.training.epochs * (scoring - shards))
