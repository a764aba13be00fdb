"""Pools of examples that are too small for verdicts on other samples of the data."""

from __future__ import annotations

SMALL_POOL = 150
"""Fewer rows to develop on are a small pool.

With 100 of them, seeds split nearly the same rows again and again: at no effect over pools, words were given in 29 to
41% of simulated studies, since an interval knows how much this pool says and not how much another would.
"""


def is_small(rows: int) -> bool:
    """Return whether so many rows to develop on are a small pool."""
    return rows < SMALL_POOL


def small_pool(rows: int) -> str:
    """Return the warning on a pool of ``rows`` rows, with its remedy."""
    return (
        f"{rows:,} rows to develop on are few: their training splits overlap, and what holds for this pool may not "
        f"hold for another. Collect {SMALL_POOL:,} or more, or read the verdict as one about these rows."
    )
