"""The headline in its four forms, and the statement on the mean and on harm under it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from analysis.recommendation.costs import Cost
from analysis.recommendation.decision import DO_NOT_SHARE, NO_DIFFERENCE, SHARE, SHARE_SOME, Decision
from analysis.recommendation.headline import headline, savings, statement
from analysis.recommendation.option import ALONE, BEST_ALONE, Option
from analysis.recommendation.risks import Risks
from analysis.statistics.verdicts import CANDIDATE, CHOSEN, HELPED, HURT, HURT_BY_SHARING, TUNED_ALONE, UNDECIDED
from tests.analysis.recommendation.conftest import FULL, arm, judged

SHARED = pd.Series(arm(FULL))
SINGLE = Option(ALONE, "alone", pd.Series(arm("alone", "single_task")))


def option(*words: str, kind: str = CHOSEN, **facts: Any) -> Option:
    """An arm that shares, a network for 14 tasks, with a mean of +0.1 [−1.9, 2.1]."""
    named = [(f"t{number}", words[number] if number < len(words) else UNDECIDED) for number in range(14)]
    tasks = judged(*named, gain=-3.0, low_simultaneous=-14.2, high_simultaneous=9.0)
    known: dict[str, Any] = {"gain": 0.1, "low": -1.9, "high": 2.1, "n": 10, "risks": Risks(0.3, 0.3)}
    cost = {"cost": Cost(10, 10, 1, 1), "ratios": (0.1, 0.09, 0.2)}
    return Option(kind, FULL, SHARED, tasks=tasks, **known | cost | facts)


def decision(word: str, about: Option, choice: Option | None = None, **facts: Any) -> Decision:
    return Decision(word, SHARED, about=about, choice=choice or about, **facts)


def test_where_nothing_is_found_it_says_what_is_saved_and_what_could_be_lost() -> None:
    assert headline(decision(NO_DIFFERENCE, option())) == (
        "No difference found: one network instead of 14, 1/11 of the multiply-adds, mean +0.1 [−1.9, 2.1]: share if "
        "2 points do not matter to you."
    )


@pytest.mark.parametrize(
    ("facts", "end"),
    [
        ({"low": -1.0}, "share, for the mean plausibly loses at most 1.0 points."),
        ({"low": 0.2}, "share, for the mean plausibly loses nothing."),
        ({"low": -1.01}, "share if 2 points do not matter to you."),
        ({"n": 3, "low": math.nan, "high": math.nan}, "3 paired seeds give no interval for the mean gain of +0.1."),
        ({"n": 1, "low": math.nan, "high": math.nan}, "1 paired seed gives no interval for the mean gain of +0.1."),
    ],
)
def test_what_could_be_lost_decides_the_advice(facts: dict[str, Any], end: str) -> None:
    assert headline(decision(NO_DIFFERENCE, option(**facts))).endswith(end)


@pytest.mark.parametrize(
    ("gain", "low", "high", "some"), [(-1.0, -1.6, -0.4, "Little"), (0.5, 0.2, 0.9, "Little"), (-0.2, -0.5, 0.0, "No")]
)
def test_a_mean_whose_interval_leaves_out_zero_is_little_difference(
    gain: float, low: float, high: float, some: str
) -> None:
    said = headline(decision(NO_DIFFERENCE, option(gain=gain, low=low, high=high)))
    assert said.startswith(f"{some} difference found: one network instead of 14, ")


def test_a_preference_for_training_alone_is_given_as_the_reason() -> None:
    said = headline(decision(NO_DIFFERENCE, option(), SINGLE, prefer="accuracy"))
    assert said.endswith("train alone, since you prefer accuracy.")
    better = option(HELPED, gain=2.0, low=1.0, high=3.0, ratios=(1.4, 1.3, 1.0))
    assert headline(decision(DO_NOT_SHARE, better, SINGLE, prefer="cost")) == (
        "Train alone, since you prefer cost: sharing gains +2.0 [1.0, 3.0] at 1.3 × the multiply-adds."
    )


def test_do_not_share_says_whether_harm_is_shown_or_only_likelier() -> None:
    assert headline(decision(DO_NOT_SHARE, option(HURT_BY_SHARING), SINGLE)) == "Do not share on this task set."
    likelier = option(gain=-3.0, low=-7.0, high=1.0, risks=Risks(0.8, 0.05))
    assert headline(decision(DO_NOT_SHARE, likelier, SINGLE)) == (
        "Do not share on this task set: a loss is clearly likelier than a gain (mean −3.0 [−7.0, 1.0])."
    )


def test_a_checked_candidate_is_share_some() -> None:
    checked = option(kind=CANDIDATE, alone=["odd"], cost=Cost(10, 10, 2, 1))
    assert headline(decision(SHARE_SOME, checked)) == (
        "Share some: 2 of 2 stages at width 16 with equal weights, and train odd alone."
    )
    assert savings(checked).startswith("2 networks instead of 14, ")


def test_sharing_at_the_cost_of_a_task_names_it() -> None:
    assert headline(decision(SHARE, option(HURT_BY_SHARING, HELPED), prefer="accuracy")) == (
        "Share 2 of 2 stages at width 16 with equal weights, although t0 does better alone."
    )


@pytest.mark.parametrize(
    ("words", "facts", "end"),
    [
        ([], {}, "No task is shown to be hurt; at worst of all tasks at once, t0 could lose 14.2 points."),
        ([HURT_BY_SHARING], {}, "t0 is hurt by sharing (by 3.0 points)."),
        ([HURT_BY_SHARING] * 2, {}, "t0 and t1 are hurt by sharing (by up to 3.0 points)."),
        ([TUNED_ALONE], {}, "t0 does better alone; that sharing is the cause is not shown."),
        ([TUNED_ALONE, HURT], {}, "t0 and t1 do better alone; that sharing is the cause is not shown."),
    ],
)
def test_the_statement_says_the_mean_and_what_is_known_of_harm(words: list[str], facts: dict, end: str) -> None:
    said = statement(decision(NO_DIFFERENCE, option(*words, **facts)))
    assert said.startswith("Sharing 2 of 2 stages at width 16 with equal weights: mean gain over 14 tasks +0.1 [−1.9, ")
    assert said.endswith(end)


@pytest.mark.parametrize(
    ("lowest", "end"),
    [
        (0.3, "No task is shown to be hurt, and none plausibly loses."),
        (-math.inf, "how much t0 may lose is unknown, with too few test examples."),
        (math.nan, "Whether a task is hurt is open: there are no intervals."),
    ],
)
def test_undecided_is_never_called_unhurt(lowest: float, end: str) -> None:
    about = option()
    about.tasks["low_simultaneous"] = lowest
    assert statement(decision(NO_DIFFERENCE, about)).endswith(end)


def test_what_a_task_may_lose_of_which_hardly_anything_is_judged_is_no_news() -> None:
    about = option()
    about.tasks["shortage"] = ["too few groups" if name in ("t0", "t3") else "" for name in about.tasks["task"]]
    about.tasks.loc[about.tasks["task"] == "t0", "low_simultaneous"] = -264.1
    end = "at worst of all tasks at once, t1 could lose 14.2 points (t0 and t3 aside: too little is judged)."
    assert statement(decision(NO_DIFFERENCE, about)).endswith(end)
    about.tasks["shortage"] = "too few groups"
    assert statement(decision(NO_DIFFERENCE, about)).endswith(
        "at worst of all tasks at once, t0 could lose 264.1 points."
    )


def test_the_statement_does_not_repeat_an_arm_that_the_headline_names() -> None:
    assert statement(decision(SHARE, option(HELPED))).startswith("Mean gain over 14 tasks +0.1 [−1.9, 2.1] points.")


def test_better_single_task_networks_of_other_widths_are_told() -> None:
    wide = Option(BEST_ALONE, "", SINGLE.facts, 3.7, 2.6, 4.8, 10, ratios=(4.0, 4.0, 1.0))
    said = statement(decision(NO_DIFFERENCE, option(), options=[option(), SINGLE, wide]))
    assert said.endswith("each at its best width, the tasks gain +3.7 [2.6, 4.8] at 4.0 × the multiply-adds.")
    assert "best width" not in statement(decision(NO_DIFFERENCE, option(), options=[replace(wide, low=0.9)]))


def test_without_a_judged_arm_that_shares_there_is_no_statement() -> None:
    found = Decision(NO_DIFFERENCE, pd.Series(arm("alone", "single_task")))
    assert (headline(found), statement(found)) == ("No difference found: no network that shares was judged.", "")
