"""Values by column: own names go before patterns, and patterns may not disagree."""

from __future__ import annotations

import pytest

from mtl_core.data.tabular.by_column import by_column, one_column
from mtl_core.errors import UserError

NAMES = ["a", "y_1", "y_2", "y*"]


def test_an_own_name_goes_before_a_pattern_wherever_it_stands() -> None:
    for values in ({"y_?": "one", "y_2": "two"}, {"y_2": "two", "y_?": "one"}):
        assert by_column("kinds", values, NAMES, "f.csv") == {"y_1": "one", "y_2": "two"}


def test_patterns_that_agree_may_overlap() -> None:
    assert by_column("kinds", {"y_*": 1, "*_1": 1}, NAMES, "f.csv") == {"y_1": 1, "y_2": 1}


def test_a_name_with_a_star_stands_for_itself() -> None:
    assert by_column("kinds", {"y*": 1}, NAMES, "f.csv") == {"y*": 1}


def test_patterns_that_disagree_are_refused_unless_the_column_is_named() -> None:
    both = {"y_*": "binary", "*_1": "ordinal"}
    with pytest.raises(UserError) as refused:
        by_column("kinds", both, NAMES, "f.csv")
    assert refused.value.where == "table: kinds"
    assert refused.value.found == "for column 'y_1', 'y_*' says 'binary' and '*_1' says 'ordinal'."
    assert refused.value.remedy
    assert by_column("kinds", {**both, "y_1": "numeric"}, NAMES, "f.csv") == {"y_1": "numeric", "y_2": "binary"}


@pytest.mark.parametrize("pattern", ["z*", "y_3", "", "y_1,y_2"])
def test_a_pattern_without_a_column_is_refused(pattern: str) -> None:
    with pytest.raises(UserError, match=r"matches no column of f\.csv|several names in one"):
        by_column("kinds", {pattern: 1}, NAMES, "f.csv")


def test_one_column_is_the_only_one_that_a_pattern_stands_for() -> None:
    assert one_column("groups", "a", NAMES, "f.csv") == one_column("groups", "a*", NAMES, "f.csv") == "a"
    assert one_column("groups", "y*", NAMES, "f.csv") == "y*"
    with pytest.raises(UserError, match="'y_\\*' stands for 2 columns: 'y_1', 'y_2'"):
        one_column("groups", "y_*", NAMES, "f.csv")
    with pytest.raises(UserError, match=r"f\.csv has no column 'b'"):
        one_column("groups", "b", NAMES, "f.csv")
