"""The three rules: which option each takes, and where they part."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, get_args

import pandas as pd
import pytest

from analysis.recommendation.costs import Cost
from analysis.recommendation.option import ALONE, BEST_ALONE, Option
from analysis.recommendation.preference import ACCURACY, BALANCED, COST, RULES, best_that_shares, choose
from analysis.recommendation.risks import Risks
from analysis.statistics.verdicts import (
    CANDIDATE,
    CHOSEN,
    HELPED,
    HURT_BY_SHARING,
    REFERENCE,
    TIE,
    TUNED_ALONE,
    UNDECIDED,
)
from study.config.spec import Spec
from tests.analysis.recommendation.conftest import arm, judged

SINGLE = Option(ALONE, "alone", pd.Series(arm("alone", "single_task")), cost=Cost(100, 100, 3, 1))


def option(kind: str, word: str = UNDECIDED, *, gain: float = 0.0, half: float = 4.0, **facts: Any) -> Option:
    costs, risks = facts.pop("multiply_adds", 30), facts.pop("risks", Risks(0.3, 0.3, shortfall=0.5))
    ends = {"low_simultaneous": gain - 2 * half, "high_simultaneous": gain + 2 * half}
    tasks = judged(("a", word), ("b", TIE), gain=gain, **ends)
    sharing = "single_task" if kind == BEST_ALONE else "hard"
    return Option(
        kind, kind, pd.Series(arm(kind, sharing)), gain, gain - half, gain + half, 10, 1.0, risks,
        Cost(costs, costs, 1, 1), tasks=tasks, **facts,
    )  # fmt: skip


def taken(prefer: str, *found: Option) -> str:
    choice = choose([*found, SINGLE], prefer)
    assert choice is not None
    return choice.kind


def test_balanced_shares_unless_harm_is_shown_or_clearly_likelier() -> None:
    assert taken(BALANCED, option(CHOSEN)) == CHOSEN
    assert taken(BALANCED, option(CHOSEN, HURT_BY_SHARING)) == ALONE
    assert taken(BALANCED, option(CHOSEN, risks=Risks(0.8, 0.1))) == ALONE


def test_balanced_prefers_what_is_better_shown_and_then_what_validation_chose() -> None:
    open_, helped, harmful = option(CHOSEN), option(REFERENCE, HELPED), option(CHOSEN, HURT_BY_SHARING)
    assert taken(BALANCED, open_, helped) == REFERENCE
    assert taken(BALANCED, open_, option(REFERENCE)) == CHOSEN
    assert taken(BALANCED, harmful, option(REFERENCE), option(CANDIDATE)) == CANDIDATE
    assert best_that_shares([SINGLE]) is None


def test_an_arm_that_spares_a_task_which_does_better_alone_comes_first() -> None:
    costly = option(CHOSEN, HELPED, gain=1.6)
    costly.tasks.loc[1, "word"] = TUNED_ALONE
    assert not costly.harm  # another task gains, and that sharing is the cause is not shown
    assert taken(BALANCED, costly, option(CANDIDATE, HELPED, gain=3.7)) == CANDIDATE
    assert taken(BALANCED, costly, option(CANDIDATE, HURT_BY_SHARING)) == CHOSEN
    assert taken(BALANCED, costly, option(CANDIDATE)) == CHOSEN  # no benefit is shown of it
    also = option(CANDIDATE, HELPED)
    also.tasks.loc[1, "word"] = TUNED_ALONE
    assert taken(BALANCED, costly, also) == CHOSEN
    likely, unlikely = Risks(0.0, 0.9, some_loss=0.98), Risks(0.0, 0.9, some_loss=0.2)
    risky = option(CHOSEN, HELPED, risks=likely)
    assert taken(BALANCED, risky, option(CANDIDATE, HELPED, risks=unlikely)) == CANDIDATE
    assert taken(BALANCED, risky, option(CANDIDATE, HELPED, risks=likely)) == CHOSEN
    assert taken(BALANCED, option(CHOSEN, HELPED, risks=unlikely), option(CANDIDATE, HELPED, risks=unlikely)) == CHOSEN


def test_of_arms_that_nothing_separates_the_cheapest_is_taken() -> None:
    """Unless its mean lies more than the band, of one point, below the best of them."""
    chosen, cheap = option(CHOSEN, gain=0.5), option(REFERENCE, gain=-0.4, multiply_adds=10)
    assert taken(BALANCED, chosen, cheap) == REFERENCE
    assert taken(BALANCED, chosen, option(REFERENCE, gain=-0.6, multiply_adds=10)) == CHOSEN
    assert taken(BALANCED, chosen, option(REFERENCE, multiply_adds=10, risks=Risks(0.8, 0.1))) == CHOSEN
    assert taken(BALANCED, option(CHOSEN, HELPED), cheap) == CHOSEN
    assert taken(BALANCED, chosen, option(REFERENCE, gain=0.4, multiply_adds=math.nan)) == CHOSEN


def test_accuracy_weighs_the_mean_against_expected_losses() -> None:
    assert taken(ACCURACY, option(CHOSEN, gain=0.4)) == ALONE  # 0.4 points less a shortfall of 0.5
    assert taken(ACCURACY, option(CHOSEN, gain=0.6)) == CHOSEN
    assert taken(ACCURACY, option(CHOSEN, gain=0.6), option(BEST_ALONE, gain=5.0)) == BEST_ALONE
    assert taken(ACCURACY, option(CHOSEN, HURT_BY_SHARING, gain=9.0)) == CHOSEN
    assert taken(ACCURACY, option(CHOSEN, gain=9.0, risks=Risks())) == ALONE  # nothing is known of it


def test_cost_takes_the_cheapest_whose_plausible_loss_is_tolerable() -> None:
    assert taken(COST, option(CHOSEN, gain=-0.9)) == CHOSEN  # −4.9 of five bands of one point
    assert taken(COST, option(CHOSEN, gain=-1.1)) == ALONE
    assert taken(COST, option(CHOSEN, half=2.0), option(REFERENCE, half=2.0, multiply_adds=20)) == REFERENCE
    assert taken(COST, option(CHOSEN, gain=2.0, half=1.0, multiply_adds=130)) == ALONE
    assert taken(COST, option(CHOSEN, gain=8.0, half=1.0, multiply_adds=130)) == CHOSEN  # alone loses up to nine
    lost = option(CHOSEN)
    lost.tasks["high_simultaneous"] = [-5.5, 3.0]
    assert taken(COST, lost) == ALONE


def test_of_two_options_that_cost_the_same_the_more_accurate_one_is_taken() -> None:
    assert taken(COST, option(CHOSEN, gain=1.5, half=2.0), option(REFERENCE, gain=3.7, half=2.0)) == REFERENCE
    assert taken(COST, option(CHOSEN, gain=3.7, half=2.0), option(REFERENCE, gain=1.5, half=2.0)) == CHOSEN


def test_every_preference_of_the_study_file_has_a_rule_and_no_other_is_known() -> None:
    assert set(get_args(Spec.model_fields["prefer"].annotation)) == set(RULES)
    assert choose([], BALANCED) is None
    with pytest.raises(ValueError, match="Choose one of accuracy, balanced, cost"):
        choose([SINGLE], "speed")


def test_without_intervals_balanced_shares_and_the_others_do_not() -> None:
    unknown = option(CHOSEN, gain=1.0, half=math.nan, risks=Risks())
    assert [taken(prefer, unknown) for prefer in (BALANCED, ACCURACY, COST)] == [CHOSEN, ALONE, ALONE]


@pytest.mark.parametrize("half", [math.nan, 30.0])
def test_balanced_takes_no_arm_without_a_benefit_whose_mean_lies_below_the_band(half: float) -> None:
    risks = Risks() if math.isnan(half) else Risks(0.4, 0.3)
    assert taken(BALANCED, option(CHOSEN, gain=-0.9, half=half, risks=risks)) == CHOSEN
    assert taken(BALANCED, option(CHOSEN, gain=-18.1, half=half, risks=risks)) == ALONE
    assert taken(BALANCED, option(CHOSEN, HELPED, gain=-1.5, risks=risks)) == CHOSEN


def test_gains_of_arms_of_other_widths_are_counted_from_one_zero() -> None:
    wide = option(CANDIDATE, gain=0.5, alone_gain=3.0)
    assert wide.total == 3.5
    assert taken(ACCURACY, option(CHOSEN, gain=1.5), wide) == CANDIDATE
    assert taken(BALANCED, option(CHOSEN, gain=1.5), replace(wide, kind=REFERENCE)) == REFERENCE
    assert taken(BALANCED, option(REFERENCE, gain=-2.0, alone_gain=1.5)) == REFERENCE
