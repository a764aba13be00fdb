"""Warnings on data that are too few, each with its remedy."""

from __future__ import annotations

from mtl_core.data.outer_folds import with_outer_folds
from study.planning.pool_size import rows_to_develop_on, warnings_on_size
from tests.study.planning.test_planned_precision import labelled


def test_rows_of_an_outer_fold_are_not_there_to_develop_on() -> None:
    assert rows_to_develop_on(labelled(20, rows=100)) == 100
    assert rows_to_develop_on(with_outer_folds(labelled(20, rows=100), 5)) == 160


def test_enough_of_all_is_no_warning() -> None:
    assert warnings_on_size(labelled(20, rows=150)) == []


def test_small_pools_rare_positives_and_few_groups_are_warned_of_with_a_remedy() -> None:
    small = warnings_on_size(labelled(20, rows=149))
    assert len(small) == 1
    assert small[0].startswith("149 rows to develop on are few")
    assert "Collect 150" in small[0]
    (rare,) = warnings_on_size(labelled(3, rows=400))
    assert rare.startswith("rare: too few positives")
    assert "at least 10 test examples outside" in rare
    (groups,) = warnings_on_size(labelled(40, rows=400, groups=5))
    assert groups.startswith("rare and rain: too few groups")
    assert "at least 10 groups" in groups
