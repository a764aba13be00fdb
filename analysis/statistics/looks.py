"""The share of the level that each judgement of a study has, where it is judged again and again.

A study that goes on after somebody has read its report, and may have gone on because of it, is judged once more.  The
k-th judgement is held to the level α for k = 1 and to α / (k (k − 1)) from then on: α, α/2, α/6, α/12, …, which add up
to 2 α however many there are.  A word that is wrong needs an error on one side of the band, and either side has half of
the level, so that wrong words over all looks stay near α.

Source: the spending of a level over looks whose number nobody fixed beforehand, as in K. K. G. Lan & D. L. DeMets,
*Discrete sequential boundaries for clinical trials*, Biometrika 70, 1983; Bonferroni's inequality in place of the
joint distribution of the looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from scipy.special import ndtri

from analysis.statistics.intervals import ALPHA

if TYPE_CHECKING:
    import pandas as pd

LEVEL_DIVISOR = "level_divisor"
"""Field of the ledger's events ``looked``; ledgers of former versions have it as ``looks``."""


def share_of_level(look: int) -> int:
    """Return the number by which the level of the ``look``-th judgement is divided."""
    return 1 if look <= 1 else look * (look - 1)


def divisor_of_level(events: Iterable[Mapping[str, Any]]) -> int:
    """Return the number by which the level of a study's latest judgement is divided, by its ledger."""
    looked = (event for event in events if event.get("event") == "looked")
    return max((int(event.get(LEVEL_DIVISOR, event.get("looks", 1))) for event in looked), default=1)


def level_in_words(divisor: float) -> str:
    """Return the level of an interval that has its share of the level, such as 95% or 97.5%."""
    return f"{100 - 100 * ALPHA / divisor:.3g}%"


FIRST_LEVEL = level_in_words(1)
"""Level of the intervals of a study that was judged once."""


def level_of(rows: pd.DataFrame) -> str:
    """Return the level of the intervals of rows: 95%, or more where the study was judged before.

    Args:
        rows: of the transfer question's table, with ``level_divisor``; an older one may lack it.
    """
    return level_in_words(rows["level_divisor"].iloc[0] if "level_divisor" in rows and len(rows) else 1)


def num_looks(events: Iterable[Mapping[str, Any]]) -> int:
    """Return how often a study has been judged, by its ledger; one from before looks were counted was judged once."""
    looks = (int(event.get("look", 1)) for event in events if event.get("event") == "looked")
    return max(looks, default=1)


def seeds_for_a_look(looks: int) -> float:
    """Return the factor by which the seeds of a further judgement exceed those that the present level would call for.

    The variance has to fall with the square of the quantile, here that of the normal distribution.

    Args:
        looks: how often the study has been judged so far.
    """
    now, then = (ndtri(1 - ALPHA / share_of_level(look) / 2) for look in (looks, looks + 1))
    return float((then / now) ** 2)
