"""What is shown of an option, or clearly likelier than its opposite."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from analysis.recommendation.option import CHOSEN, Option
from analysis.recommendation.risks import Risks
from analysis.statistics.verdicts import (
    HELPED,
    HELPED_BY_SHARING,
    HURT,
    HURT_BY_SHARING,
    TIE,
    TRAINED_TOGETHER,
    TUNED_ALONE,
    UNDECIDED,
)
from tests.analysis.recommendation.conftest import FULL, arm, judged


def option(*words: str, risks: Risks | None = None, **facts: Any) -> Option:
    tasks = judged(*zip("abcdef", words, strict=False))
    return Option(CHOSEN, FULL, pd.Series(arm(FULL)), risks=risks or Risks(), tasks=tasks, **facts)


@pytest.mark.parametrize(
    ("words", "harm", "benefit"),
    [
        ([TIE, UNDECIDED], False, False),
        ([HELPED, UNDECIDED], False, True),
        ([HELPED_BY_SHARING, TIE], False, True),
        ([TRAINED_TOGETHER, TIE], False, True),
        ([TUNED_ALONE, TIE], True, False),
        ([TUNED_ALONE, HELPED], False, True),
        ([HURT_BY_SHARING, HELPED], True, False),
        ([HURT, HELPED], True, False),
    ],
)
def test_words_on_single_tasks_show_harm_before_they_show_benefit(words: list[str], harm: bool, benefit: bool) -> None:
    found = option(*words)
    assert (found.harm, found.benefit) == (harm, benefit)


@pytest.mark.parametrize(
    ("loss", "benefit", "expected"),
    [
        (0.60, 0.10, "harm"),
        (0.60, 0.25, "open"),  # not three times as likely
        (0.45, 0.01, "open"),  # less likely than not
        (0.10, 0.60, "benefit"),
        (0.25, 0.60, "open"),
        (math.nan, math.nan, "open"),
    ],
)
def test_clearly_likelier_is_likely_and_three_times_as_likely(loss: float, benefit: float, expected: str) -> None:
    found = option(UNDECIDED, risks=Risks(loss, benefit))
    assert expected == ("harm" if found.harm else "benefit" if found.benefit else "open")
    assert not found.harm_shown


def test_a_mean_below_the_band_is_shown_harm() -> None:
    assert option(TIE, low=-4.0, high=-1.1).harm_shown
    assert not option(TIE, low=-4.0, high=-0.9).harm_shown


def test_the_worst_that_is_plausible_is_the_lowest_end_of_all() -> None:
    found = option(TIE, TIE, TIE)
    found.tasks["low_simultaneous"] = [-1.0, -7.5, math.nan]
    assert found.worst_plausible == ("b", -7.5)
    found.tasks["low_simultaneous"] = math.nan
    assert found.worst_plausible[0] == ""


@pytest.mark.parametrize(
    ("low", "high", "benefit"),
    [
        (0.7, 1.2, True),
        (0.1, 0.7, False),  # within the band: a difference, but none that matters
        (-0.1, 2.5, False),
        (math.nan, math.nan, False),
    ],
)
def test_a_mean_above_zero_that_reaches_beyond_the_band_is_shown_benefit(
    low: float, high: float, benefit: bool
) -> None:
    found = option(UNDECIDED, TIE, gain=(low + high) / 2, low=low, high=high)
    assert (found.benefit_shown, found.benefit, found.harm) == (benefit, benefit, False)
