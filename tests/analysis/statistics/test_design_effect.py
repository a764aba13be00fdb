"""Rows in groups count as more than their groups and less than themselves."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.design_effect import effective_rows


def test_the_ends_are_all_rows_and_the_groups() -> None:
    assert effective_rows([10] * 40, 0.0) == 400
    assert effective_rows([10] * 40, 1.0) == pytest.approx(40)
    assert effective_rows([1] * 40, 0.5) == 40
    assert effective_rows([], 0.5) == 0


def test_one_large_group_says_less_than_equal_ones() -> None:
    assert effective_rows([30, 5, 5], 0.1) < effective_rows([20, 10, 10], 0.1) < effective_rows([13, 13, 14], 0.1)


def test_the_variance_of_a_mean_of_correlated_rows_is_that_of_so_many_independent_ones() -> None:
    chance, sizes = np.random.default_rng(0), [3, 8, 20, 9]
    group = np.repeat(np.arange(4), sizes)
    drawn = np.sqrt(0.2) * chance.normal(size=(20_000, 4))[:, group] + np.sqrt(0.8) * chance.normal(size=(20_000, 40))
    assert 1 / drawn.mean(axis=1).var() == pytest.approx(effective_rows(sizes, 0.2), rel=0.05)
