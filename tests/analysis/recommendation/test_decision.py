"""What is decided, from the words on each task: share, do not share, or a candidate and the command to check it."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pandas as pd
import pytest

from analysis.recommendation.decision import (
    CANDIDATE,
    DO_NOT_SHARE,
    NO_DIFFERENCE,
    SHARE,
    check,
    decide,
    factors,
    quoted,
)
from analysis.recommendation.headline import headline
from analysis.recommendation.recommend import recommend
from analysis.statistics.verdicts import (
    HELPED,
    HELPED_BY_SHARING,
    HURT,
    HURT_BY_SHARING,
    REFERENCE,
    TIE,
    TRAINED_TOGETHER,
    TUNED_ALONE,
    UNDECIDED,
)
from tests.analysis.conftest import StudyOf
from tests.analysis.recommendation.conftest import FULL, NOTHING, ODD, arm, judged, study_of


@pytest.mark.parametrize(
    "effects",
    [
        {"left": 6.0, "odd": -9.0},  # nobody to share with
        {"left": 0.0, "right": 0.0, "odd": -9.0},  # nobody gains
    ],
)
def test_without_somebody_hurt_somebody_helped_and_two_left_there_is_no_candidate(
    records_of: StudyOf, effects: dict[str, float]
) -> None:
    card = recommend(records_of(replace(ODD, effects=effects, chosen=NOTHING)))
    assert (card.decision, card.alone) == (DO_NOT_SHARE, [])
    assert card.headline == "Do not share on this task set."
    assert "andidate" not in card.explanation + card.step


def test_harm_that_the_loop_explains_makes_no_candidate(records_of: StudyOf) -> None:
    truth = replace(ODD, effects={"left": 6.0, "right": 5.0, "odd": 0.0}, loop_effects={"odd": -9.0}, chosen=NOTHING)
    assert recommend(records_of(truth)).alone == []


def test_the_columns_of_a_table_are_left_out_by_a_command(records_of: StudyOf) -> None:
    truth = replace(ODD, effects={"left": 6.0, "right": 5.0, "it's [odd]": -9.0}, chosen=NOTHING)
    records = records_of(truth)
    tasks = {"set": "table", "path": "shop.csv", "targets": ["*"], "ignore": ["day"]}
    words = shlex.split(recommend(replace(records, spec={"name": "shop", "tasks": tasks})).command)
    assert words[:4] == ["mtl-study", "run", "runs/shop/study.yaml", "--set"]
    assert words[4:] == ['tasks.ignore=["day", "it\'s [odd]"]', "--out", "runs/shop-candidate"]


@pytest.mark.parametrize(
    ("tasks", "rows"),
    [
        ({"path": "long.csv", "targets": ["y_*"], "task": "school"}, "the rows of "),
        ({"path": "schools", "targets": ["y_sum"]}, ""),  # a folder with a file for each task
        ({"path": "tags.csv", "targets": ["*"], "labels": {"tags": {"separator": ";"}}}, ""),
        ({"path": "shop.csv", "targets": ["*"], "vectors": {"odd": ["y_img_*"]}}, ""),
    ],
)
def test_tasks_that_are_no_columns_are_left_out_by_no_command(
    records_of: StudyOf, tasks: dict[str, object], rows: str
) -> None:
    """To ignore a column of that name would be refused, or leave out something else."""
    records = records_of(replace(ODD, effects={"left": 6.0, "right": 5.0, "odd": -9.0}, chosen=NOTHING))
    card = recommend(replace(records, spec={"tasks": {"set": "table", **tasks}}))
    assert f"run the same study without {rows}odd." in card.step
    assert card.command == ""


def test_a_name_that_no_command_line_can_hold_is_left_to_words(records_of: StudyOf) -> None:
    records = records_of(replace(ODD, effects={"left": 6.0, "right": 5.0, "odd\x1b[31m": -9.0}, chosen=NOTHING))
    card = recommend(replace(records, spec={"tasks": {"set": "table", "targets": ["*"]}}))
    assert "run the same study without" in card.step
    assert card.command == ""


SHARED, ALONE = pd.Series(arm(FULL)), pd.Series(arm(NOTHING, "single_task"))
STUDY = study_of(["a", "b", "c"], [arm(NOTHING, "single_task"), arm(FULL)])


@pytest.mark.parametrize(
    ("words", "word", "left_alone"),
    [
        ([HELPED, TIE, UNDECIDED], SHARE, []),
        ([HELPED_BY_SHARING, TIE, UNDECIDED], SHARE, []),
        ([TRAINED_TOGETHER, TIE, UNDECIDED], SHARE, []),
        ([UNDECIDED, UNDECIDED, UNDECIDED], NO_DIFFERENCE, []),
        ([TIE, TIE, TIE], NO_DIFFERENCE, []),
        ([HELPED, HELPED, TUNED_ALONE], SHARE, []),  # hurt, but not shown to be by sharing
        ([HELPED, HELPED, HURT], DO_NOT_SHARE, []),  # harm of unknown cause is harm, and makes no candidate
        ([HURT_BY_SHARING, HELPED, TIE], CANDIDATE, ["a"]),
        ([HURT_BY_SHARING, HELPED, HURT_BY_SHARING], DO_NOT_SHARE, []),  # one task is left, with nobody to share with
    ],
)
def test_no_task_may_be_hurt_by_sharing_and_two_have_to_be_left(
    words: list[str], word: str, left_alone: list[str]
) -> None:
    found = decide(STUDY, judged(*zip("abc", words, strict=True)), SHARED)
    assert (found.word, found.alone, found.arm["arm"]) == (word, left_alone, FULL)


def test_words_on_the_reference_or_on_another_baseline_do_not_decide_on_the_chosen_arm() -> None:
    own = judged(("a", HELPED), ("b", HELPED), ("c", TIE))
    hurt = [("a", HURT_BY_SHARING), ("b", HELPED), ("c", HELPED)]
    reference = judged(*hurt, role=REFERENCE, arm=NOTHING)  # any other arm of the study
    loop = judged(("a", HURT_BY_SHARING), baseline="loop")
    assert decide(STUDY, pd.concat([own, reference, loop]), SHARED).word == SHARE


@pytest.mark.parametrize(
    ("words", "left_alone"),
    [
        ([HELPED, TIE, HURT_BY_SHARING], ["c"]),
        ([TRAINED_TOGETHER, TIE, HURT_BY_SHARING], ["c"]),
        ([HELPED, HURT, HURT_BY_SHARING], []),  # with b, whose cause is unknown, left alone, too, only one is left
        ([HELPED, TIE, HURT], []),
        ([TIE, TIE, HURT_BY_SHARING], []),
    ],
)
def test_an_arm_that_shares_nothing_keeps_its_word_beside_a_candidate_of_the_reference(
    words: list[str], left_alone: list[str]
) -> None:
    rows = judged(*zip("abc", words, strict=True), role=REFERENCE)
    found = decide(STUDY, rows, ALONE)
    assert (found.word, found.alone) == (DO_NOT_SHARE, left_alone)
    assert (found.arm["arm"], found.chosen["arm"]) == (FULL, NOTHING)  # the word is about the arm that shares
    assert factors(STUDY, FULL)["sharing"] == "hard"


def test_where_a_candidate_was_checked_no_other_is_proposed() -> None:
    hurt = [("a", HURT_BY_SHARING), ("b", HELPED), ("c", HELPED)]
    assert decide(STUDY, judged(*hurt), SHARED).word == CANDIDATE
    checked = judged(("a", TIE), ("b", HURT_BY_SHARING), ("c", HELPED), role="candidate", arm=NOTHING)
    found = decide(study_of(["a", "b", "c"], [arm(FULL), arm(NOTHING)]), pd.concat([judged(*hurt), checked]), SHARED)
    assert (found.word, found.alone) == (DO_NOT_SHARE, [])


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ([TIE, UNDECIDED], NO_DIFFERENCE),
        ([HELPED_BY_SHARING, UNDECIDED], SHARE),
        ([HURT_BY_SHARING, UNDECIDED], DO_NOT_SHARE),
    ],
)
def test_where_single_task_networks_won_on_validation_the_reference_decides(words: list[str], word: str) -> None:
    found = decide(STUDY, judged(*zip("ab", words, strict=True), role=REFERENCE), ALONE)
    assert (found.word, found.judged) == (word, True)


def test_a_win_of_single_task_networks_on_validation_never_says_do_not_share() -> None:
    found = decide(STUDY, judged(("a", TIE), ("b", TIE), baseline="best", arm=NOTHING), ALONE)
    assert (found.word, found.judged) == (NO_DIFFERENCE, False)
    assert headline(found) == "No difference found: no network that shares was judged."


def test_tasks_of_unknown_harm_stay_alone_with_those_hurt_by_sharing() -> None:
    rows = judged(("d", HURT), ("a", HELPED), ("c", HURT_BY_SHARING), ("b", TIE), role=REFERENCE)
    assert decide(STUDY, rows.iloc[::-1], ALONE).alone == ["d", "c"]  # in the order of the task set


def test_a_candidate_is_checked_by_words_where_the_tasks_are_no_columns() -> None:
    study = study_of(["a", "b", "c", "d"], [arm(FULL)], spec={"name": "it's", "tasks": {"set": "digits3"}})
    assert check(study, ["a", "b"]) == ("Check the candidate: run the same study without a and b.", "")
    assert quoted(study, "study.yaml") == shlex.quote("runs/it's/study.yaml")
