"""How little is too little for a word, and the band where the user names none."""

from __future__ import annotations

import math

import pytest

from analysis.statistics.band import automatic_band
from analysis.statistics.evidence import MIN_GROUPS, MIN_POSITIVES, TOO_FEW_GROUPS, TOO_FEW_POSITIVES, shortage


@pytest.mark.parametrize(
    ("rarer", "groups", "found"),
    [
        (math.nan, 200, ""),
        (MIN_POSITIVES, 200, ""),
        (MIN_POSITIVES - 1, 200, TOO_FEW_POSITIVES),
        (math.nan, MIN_GROUPS - 1, TOO_FEW_GROUPS),
        (3, 3, TOO_FEW_POSITIVES),
    ],
)
def test_what_is_lacking_is_named(rarer: float, groups: float, found: str) -> None:
    assert shortage(rarer, groups) == found


@pytest.mark.parametrize(("half", "band"), [(3.0, 1.0), (10.0, 1.0), (25.0, 2.5), (math.nan, 1.0), (math.inf, 1.0)])
def test_the_automatic_band_is_a_tenth_of_the_resolution_and_at_least_a_point(half: float, band: float) -> None:
    assert automatic_band(half) == band
