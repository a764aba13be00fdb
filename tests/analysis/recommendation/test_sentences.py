"""The verdict in sentences: for one task and for many, for every word, and for what was judged beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.recommendation.decision import CANDIDATE, DO_NOT_SHARE, SHARE, Decision
from analysis.recommendation.headline import headline
from analysis.recommendation.recommend import recommend
from analysis.recommendation.sentences import explanation
from analysis.statistics.verdicts import (
    HELPED,
    HURT,
    HURT_BY_SHARING,
    REFERENCE,
    TIE,
    TUNED_ALONE,
    UNDECIDED,
)
from tests.analysis.conftest import StudyOf
from tests.analysis.recommendation.conftest import FULL, GOOD, HALF, NOTHING, arm, judged, study_of


def test_no_gain_over_the_best_single_networks_is_said(records_of: StudyOf) -> None:
    own, ends = judged(("a", TIE), gain=0.2), {"low_simultaneous": -0.9, "high_simultaneous": 1.1}
    best = judged(("a", ""), baseline="best", gain=0.1, **ends)
    assert "Nothing separates it from single-task networks at their best width." in said(pd.concat([own, best]))
    assert "separates" not in recommend(records_of(GOOD)).explanation


def test_single_task_networks_of_one_width_are_told_of_once(records_of: StudyOf) -> None:
    """Where the common width is the best for every task, nothing is said of best widths."""
    for effect in (0.0, -9.0):
        card = recommend(records_of(replace(GOOD, effects={"left": effect, "right": effect})))
        assert "best width" not in card.explanation


@pytest.mark.parametrize("of_second", [FULL, HALF])
def test_outer_folds_that_chose_different_arms_are_told(records_of: StudyOf, of_second: str) -> None:
    records = records_of(GOOD)
    chosen = [{"event": "frozen", "choice": "arm", "value": {"arm": FULL}, "fold": 0}]
    chosen += [{"event": "frozen", "choice": "arm", "value": {"arm": of_second}, "fold": 1}]
    frozen = [event for event in records.ledger if event["event"] == "frozen"]
    ledger = [*records.ledger, {"event": "planned", "folds": 2}]
    ledger += [event | {"fold": fold} for event in frozen for fold in range(2)] + chosen
    said = recommend(replace(records, ledger=ledger)).explanation
    assert ("The 2 outer folds chose 2 different arms" in said) == (of_second != FULL)


def test_many_tasks_are_counted_not_listed(records_of: StudyOf) -> None:
    truth = replace(GOOD, effects={f"task {number}": 6.0 for number in range(9)})
    assert "9 tasks (+" in recommend(records_of(truth)).explanation


SHARED = pd.Series(arm(FULL))


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (Decision(SHARE, SHARED), "Share 2 of 2 stages at width 16 with equal weights."),
        (
            Decision(SHARE, pd.Series(arm("", "mmoe", weighting="nash"))),
            "Share all stages by mmoe at width 16 with nash weighting.",
        ),
        (Decision(DO_NOT_SHARE, SHARED), "Do not share on this task set."),
        (Decision(CANDIDATE, SHARED, ["a"]), "Do not share everything with everyone: a pays for it."),
        (Decision(CANDIDATE, SHARED, ["a", "b"]), "Do not share everything with everyone: a and b pay for it."),
        (
            Decision(DO_NOT_SHARE, SHARED, list("abcdefg")),
            "Do not share everything with everyone: 7 tasks pay for it.",
        ),
    ],
)
def test_the_headline_says_what_to_do(decision: Decision, words: str) -> None:
    assert headline(decision) == words


def training(phase: str, number: int, label: str = FULL) -> dict[str, object]:
    facts = {"phase": phase, "replica": f"{label} {phase} {number}", "task": "a", "seed": number, "status": "finished"}
    return arm(label) | facts


STUDY = study_of(
    ["a", "b"],
    [training("search", 0), training("search", 1), training("search", 1), training("confirm", 0)],
    scores=pd.DataFrame({"replica": pd.Series(dtype=str), "task": pd.Series(dtype=str)}),
)


def said(rows: pd.DataFrame, decision: Decision | None = None) -> str:
    return explanation(STUDY, rows, decision or Decision(SHARE, SHARED))


@pytest.mark.parametrize(
    ("word", "one", "many"),
    [
        (HELPED, "a (+2.0 [1.5, 2.5]) improves", "a (+2.0 [1.5, 2.5]) and b (+2.0 [1.5, 2.5]) improve"),
        (
            HURT_BY_SHARING,
            "a is hurt by sharing, by 2.0 [1.5, 2.5] points of skill",
            "a is hurt by sharing, by 2.0 [1.5, 2.5] points of skill; b is hurt by sharing, by 2.0 [1.5, 2.5] points",
        ),
        (
            TUNED_ALONE,
            "a does better alone; that sharing is the cause is not shown",
            "a and b do better alone; that sharing is the cause is not shown",
        ),
        (TIE, "a shows no practical difference", "a and b show no practical difference"),
        (UNDECIDED, "a is undecided and needs more data", "a and b are undecided and need more data"),
    ],
)
def test_a_word_is_said_of_one_task_and_of_two(word: str, one: str, many: str) -> None:
    opening = "Against single-task networks tuned with the same budget, "
    hurt = {"gain": -2.0, "low": -2.5, "high": -1.5} if word == HURT_BY_SHARING else {}
    facts = {"remedy": "more data"} | hurt
    assert f"{opening}{one}." in said(judged(("a", word), **facts))
    assert f"{opening}{many}" in said(judged(("a", word), ("b", word), **facts))


def test_harm_of_unknown_cause_says_so_and_its_size_has_no_sign() -> None:
    rows = judged(("a", HURT), gain=-3.25, low=-3.75, high=-2.75)
    assert "a is hurt (whether by sharing is open: the loop baseline is missing), by 3.2 [2.8, 3.8] points" in said(
        rows
    )


def test_undecided_tasks_are_grouped_by_what_they_need() -> None:
    rows = judged(("a", UNDECIDED), ("b", UNDECIDED), ("c", UNDECIDED)).assign(remedy=["seeds", "labels", "seeds"])
    assert "a and c are undecided and need seeds; b is undecided and needs labels." in said(rows)
    assert said(rows).startswith("Provisionally: no task has a verdict yet.")
    assert "Provisionally" not in said(pd.concat([rows, judged(("d", TIE))]))


def test_the_paragraph_opens_with_what_qualifies_the_headline() -> None:
    rows = judged(("a", HELPED), ("b", HELPED))
    candidate = Decision(CANDIDATE, SHARED, ["a", "b"])
    assert said(rows, candidate).startswith(
        "Candidate: share 2 of 2 stages at width 16 with equal weights among the other tasks and train a and b alone "
        "(unchecked). Against"
    )
    tried = Decision(DO_NOT_SHARE, SHARED)
    assert said(rows, tried).startswith("The best arm shares 2 of 2 stages at width 16 with equal weights. Against")
    alone = Decision(DO_NOT_SHARE, pd.Series(arm(NOTHING, "single_task")))
    assert said(rows, alone).startswith("Against")


def test_the_reference_is_summed_up_beside_the_arm() -> None:
    own = judged(("a", HELPED))
    beside = "Full sharing at width 16, judged beside it:"
    some = judged(("a", TIE), ("b", UNDECIDED), role=REFERENCE, remedy="seeds")
    assert f"{beside} a shows no practical difference." in said(pd.concat([own, some]))
    none = judged(("a", UNDECIDED), role=REFERENCE, remedy="seeds")
    assert f"{beside} no task is decided." in said(pd.concat([own, none]))
    assert beside not in said(own)


def test_best_single_networks_that_are_ahead_are_named_and_silence_means_neither() -> None:
    def against(**columns: Any) -> str:
        return said(pd.concat([judged(("a", HELPED)), judged(("a", ""), ("b", ""), baseline="best", **columns)]))

    nothing = "Nothing separates it from single-task networks at their best width."
    assert nothing in against(low_simultaneous=-1.0, high_simultaneous=1.0)
    assert nothing in against(low_simultaneous=1.0, high_simultaneous=3.0)  # touches the band
    ahead = "Single-task networks at their best width are ahead on a and b."
    assert ahead in against(low_simultaneous=-5.0, high_simultaneous=-1.5)
    ahead_on_the_mean = judged(("", ""), baseline="best", scope="mean", low=0.4)
    rows = [judged(("a", HELPED)), judged(("a", ""), baseline="best", low_simultaneous=-1.0), ahead_on_the_mean]
    assert "best width" not in said(pd.concat(rows))
    for silent in (
        {"low_simultaneous": 1.5, "high_simultaneous": 3.0},
        {"low_simultaneous": np.nan, "high_simultaneous": np.nan},
        {"sharing": "single_task", "low_simultaneous": -5.0, "high_simultaneous": -1.5},
    ):
        assert "best width" not in against(**silent)


def test_the_effort_counts_replicas_once_and_agrees_in_number() -> None:
    assert said(judged(("a", TIE))).endswith("10 paired seeds, 1 confirmed arm, 2 search replicas.")
    assert said(judged(("a", TIE), n=1)).endswith("1 paired seed, 1 confirmed arm, 2 search replicas.")
    assert said(judged(("a", TIE), baseline="best")).startswith("Provisionally")
    assert "paired" not in said(judged(("a", TIE), baseline="best"))  # none is no number worth telling
