"""Numbers and lists as words."""

from __future__ import annotations

import math

import pytest

from analysis.formatting import agree, amount, interval, listing, points, shared_stages


def test_points_carry_their_sign_and_say_when_there_are_none() -> None:
    assert points(4.14) == "+4.1"
    assert points(4.14, sign=False, digits=2) == "4.14"
    assert points(math.nan) == "–"


def test_an_interval_without_ends_is_nothing() -> None:
    assert interval(1.23, 3.42) == "[1.2, 3.4]"
    assert interval(math.nan, math.nan) == ""


def test_long_lists_become_a_count() -> None:
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert listing([f"t{n}" for n in range(30)]) == "30 tasks"


@pytest.mark.parametrize(("count", "word"), [(1, "seed"), (2, "seeds"), (0, "seeds")])
def test_one_is_singular(count: int, word: str) -> None:
    assert agree(count, "seed", "seeds") == word


def test_amounts_have_a_readable_unit() -> None:
    assert amount(12_300) == "12.3k"


def test_what_an_arm_shares_is_said_in_words() -> None:
    assert shared_stages("hard", 2, 3) == "2 of 3 stages shared"
    assert shared_stages("mmoe", math.nan, 3) == "shared by mmoe"
    assert shared_stages("independent", 0, 3) == "nothing shared, one loop"
