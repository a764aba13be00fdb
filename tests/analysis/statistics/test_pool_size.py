"""The limit of a small pool, and its warning."""

from __future__ import annotations

from analysis.statistics.pool_size import SMALL_POOL, is_small, small_pool


def test_a_pool_is_small_below_the_limit() -> None:
    assert is_small(SMALL_POOL - 1)
    assert not is_small(SMALL_POOL)


def test_the_warning_has_the_number_and_a_remedy() -> None:
    assert "120 rows" in small_pool(120)
    assert "Collect 150 or more" in small_pool(120)
