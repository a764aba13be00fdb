"""How many independent rows say as much as rows in groups, before their differences are known.

Rows of one group resemble each other, so that G groups of m rows say more than G rows and less than G · m.  With the
correlation ρ between two rows of a group, n rows say as much as n / (1 + (m − 1) ρ) that are independent (L. Kish,
Survey Sampling, Wiley 1965, section 5.4).  Groups of unequal size have Σ m_g² / Σ m_g in the place of m, the mean size
of the group of a row.
"""

from __future__ import annotations

from collections.abc import Sequence

WITHIN_GROUPS = 0.1
"""Correlation within groups that is assumed, of a row's score and of the difference between two networks on that row.

What makes a group hard is hard for both networks, and much of it cancels.  In four studies of 120 to 600 judged rows in
4 to 60 groups the correlation of differences was −0.03 to 0.35 in 47 comparisons, below 0.065 in half and below 0.11 in
three quarters of them; it was large only where the group explained more than half of what the inputs leave open.  That
of the scores themselves was 0.00 to 0.34, below 0.12 in three quarters.
"""


def effective_rows(sizes: Sequence[int], correlation: float) -> float:
    """Return the number of independent rows that say as much as groups of these sizes; 0 without rows.

    Args:
        sizes: number of rows of each group.
        correlation: between two rows of a group.
    """
    rows = sum(sizes)
    if not rows:
        return 0.0
    size = sum(number**2 for number in sizes) / rows
    return rows / (1 + (size - 1) * correlation)
