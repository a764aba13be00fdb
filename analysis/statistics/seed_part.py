"""How much of a gain's variance comes from seeds, beside what comes from the test examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MATERIAL = 0.25
"""More seeds are worth it while their part of the variance is more than this share of the test examples' part.

Below it, even endless seeds would narrow an interval by a tenth at most.
"""


def seed_part(rows: pd.DataFrame) -> pd.Series:
    """Return the variance of the mean over seeds as a multiple of the variance from the test examples, per row.

    Args:
        rows: with ``seed_sd, n, test_error`` of gains whose test error is not 0.
    """
    return (rows["seed_sd"] ** 2 / rows["n"]) / rows["test_error"] ** 2
