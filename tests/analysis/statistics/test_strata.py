"""Outer folds of seeds."""

from __future__ import annotations

import numpy as np

from analysis.statistics.strata import fold_of, in_whole_folds


def test_seeds_go_round_the_folds() -> None:
    assert fold_of(np.arange(2000, 2005), 3).tolist() == [2, 0, 1, 2, 0]


def test_every_fold_has_as_many_seeds() -> None:
    assert [in_whole_folds(seeds, 5) for seeds in (1, 10, 11, 15)] == [10, 10, 15, 15]
    assert in_whole_folds(1, 5, fewest=1) == 5
    assert in_whole_folds(7, 1) == 7, "there are no folds"
