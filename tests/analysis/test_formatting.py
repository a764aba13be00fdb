"""Numbers and lists as the report writes them."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from analysis.formatting import (
    agree,
    amount,
    count_range,
    interval,
    judged_arm,
    listing,
    named,
    points,
    shared_stages,
    tree_words,
    way_to_share,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (4.06, "+4.1"),
        (-4.06, "−4.1"),
        (0.04, "0.0"),
        (-0.04, "0.0"),
        (math.nan, "–"),
        (-math.inf, "–"),
        (-5e14, "−5.0e14"),
        (123_456.78, "+123456.8"),
    ],
)
def test_points_have_a_sign_unless_they_round_to_zero(value: float, expected: str) -> None:
    assert points(value) == expected


def test_points_may_have_no_plus_and_more_digits() -> None:
    assert points(0.256, sign=False, digits=2) == "0.26"
    assert points(-0.256, sign=False, digits=2) == "−0.26"


def test_an_interval_without_both_ends_is_nothing() -> None:
    assert interval(-1.25, 3.0) == "[−1.2, 3.0]"
    assert interval(-math.inf, 3.0) == interval(1.0, math.nan) == ""


def test_a_listing_gives_names_and_of_many_the_number() -> None:
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert listing(list("abcd")) == "4 tasks"
    assert listing(list("abcd"), noun="methods") == "4 methods"
    assert named(list("abcdef")) == "a, b, c, d, e and f"
    assert named(list("abcdefg")) == "7 tasks"


@pytest.mark.parametrize(
    ("counts", "expected"), [([5, 5], "5"), ([8, 0, 5, 6], "5 to 8"), ([0, 0], "0"), ([], "0"), ([3.0], "3")]
)
def test_a_range_of_counts_leaves_out_what_was_never_counted(counts: list[int], expected: str) -> None:
    assert count_range(counts) == expected


def test_what_an_arm_shares() -> None:
    assert shared_stages("hard", 1.0, 2) == "1 of 2 stages shared"
    assert shared_stages("mmoe", 2.0, 2) == "2 of 2 stages shared by mmoe"
    assert shared_stages("low_rank", math.nan, 2) == "shared by low_rank"
    assert shared_stages("single_task", math.nan, 2) == "single-task networks"
    assert shared_stages("independent", 0.0, 2) == shared_stages("hard", 0.0, 2) == "nothing shared, one loop"


def test_a_judged_arm_has_its_tasks_alone_beside_it() -> None:
    facts = {"sharing": "hard", "depth": 1.0, "stages": 2, "width": 16, "weighting": "equal"}
    rows = pd.DataFrame([{"task": "a", "alone": False}, {"task": "odd", "alone": True}]).assign(**facts)
    assert judged_arm(rows) == "1 of 2 stages shared, width 16; odd alone"
    assert judged_arm(rows.head(1)) == "1 of 2 stages shared, width 16"
    weighed = rows.assign(weighting="uncertainty")
    assert judged_arm(weighed) == "1 of 2 stages shared, width 16, uncertainty; odd alone"


def test_ways_to_share_are_subjects_of_sentences() -> None:
    assert way_to_share("hard", 1.0, 2) == "sharing 1 of 2 stages"
    assert way_to_share("hard", 2.0, 2) == "full sharing"
    assert way_to_share("independent", math.nan, 2) == way_to_share("hard", 0.0, 2) == "one loop without sharing"
    assert way_to_share("mmoe", 2.0, 2) == "full sharing by mmoe"
    assert way_to_share("concat", math.nan, 2) == "sharing by concat"  # it has no depth, and shares all the same


def test_the_groups_of_a_tree() -> None:
    assert tree_words([[["a", "b", "c"]], [["a", "b"], ["c"]]]) == ["a, b, c", "a, b | c"]


def test_words_and_units_follow_the_count() -> None:
    assert [agree(count, "task", "tasks") for count in (0, 1, 2)] == ["tasks", "task", "tasks"]
    assert [amount(value) for value in (12, 12_345, 2.5e6, 3e9)] == ["12", "12.3k", "2.5M", "3G"]
