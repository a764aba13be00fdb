"""Shares of the level over looks, and what a look costs in seeds."""

from __future__ import annotations

import pytest

from analysis.statistics.looks import divisor_of_level, num_looks, seeds_for_a_look, share_of_level


def test_the_levels_add_up_to_twice_the_level_however_many_looks() -> None:
    assert [share_of_level(look) for look in range(1, 6)] == [1, 2, 6, 12, 20]
    assert sum(1 / share_of_level(look) for look in range(1, 2000)) == pytest.approx(2.0, abs=1e-3)


def test_a_study_from_before_looks_were_counted_was_judged_once() -> None:
    assert num_looks([]) == num_looks([{"event": "looked", "looks": 1}]) == 1
    assert num_looks([{"event": "looked", "look": 1}, {"event": "looked", "look": 3}, {"event": "planned"}]) == 3


def test_ledgers_of_former_versions_call_the_divisor_looks() -> None:
    former, present = {"event": "looked", "look": 2, "looks": 2}, {"event": "looked", "look": 3, "level_divisor": 6}
    assert divisor_of_level([]) == 1
    assert divisor_of_level([former]) == 2
    assert divisor_of_level([former, present]) == 6


def test_a_second_look_costs_a_third_more_seeds_a_third_one_most_and_later_ones_less() -> None:
    assert seeds_for_a_look(1) == pytest.approx((2.2414 / 1.9600) ** 2, rel=1e-3)
    assert seeds_for_a_look(2) == pytest.approx((2.6383 / 2.2414) ** 2, rel=1e-3)
    assert 1 < seeds_for_a_look(4) < seeds_for_a_look(3) < 1.2
