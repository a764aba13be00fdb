"""Learned trees: agreement of the seeds, counted by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from analysis.questions import learned_trees
from analysis.records.schema import Records
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN

ARM = "hard d1 w16 l2 equal adamw"
ALL = [["left", "odd", "sum"]]
PAIR = [["left", "odd"], ["sum"]]
OTHER = [["left"], ["odd", "sum"]]


def with_trees(records: Records, trees: list[Any]) -> Records:
    """The records, had the arm's replicas of the confirm phase learned these trees, in the order of the seeds."""
    rows = records.replicas.copy()
    hit = (rows["arm"] == ARM) & (rows["phase"] == "confirm")
    seeds = sorted(rows.loc[hit, "seed"].unique())[: len(trees)]
    for seed, tree in zip(seeds, trees, strict=True):
        rows.loc[hit & (rows["seed"] == seed), "tree"] = json.dumps(tree)
    return replace(records, replicas=rows)


def test_nothing_is_asked_where_no_tree_was_learned(records_of: StudyOf) -> None:
    assert learned_trees.score(records_of(PLAIN)).empty


def test_seeds_are_compared_pair_by_pair_of_tasks(records_of: StudyOf) -> None:
    trees = [[ALL, PAIR], [ALL, PAIR], [ALL, OTHER]]
    rows = learned_trees.table(learned_trees.score(with_trees(records_of(PLAIN), trees)))
    assert list(rows["arm"]) == [ARM, ARM]
    first, second = rows.to_dict("records")
    assert (first["n"], first["together"], first["agreement"], first["groupings"]) == (3, 1, 1, 1)
    # of three pairs of seeds one agrees in all three pairs of tasks, and two in left-sum alone
    assert second["agreement"] == pytest.approx((3 + 1 + 1) / 9)
    assert second["together"] == pytest.approx(1 / 3)
    assert second["by_chance"] == pytest.approx(1 / 9 + 4 / 9)
    assert (second["groupings"], second["most_frequent"]) == (2, "left, odd | sum")
    assert second["its_share"] == pytest.approx(2 / 3)
    assert "n = 3 seeds" in learned_trees.caption(rows)


def test_one_seed_agrees_with_nobody(records_of: StudyOf) -> None:
    rows = learned_trees.table(learned_trees.score(with_trees(records_of(PLAIN), [[ALL, PAIR]])))
    assert rows["agreement"].isna().all()
