"""Task by task: the order, the word that each task earned, and the mean never alone."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.report.sections.tasks import gap_changes, groups, tasks_table
from analysis.statistics.paired_gains import MEAN
from tests.analysis.report.sections.transfer_table import WITHOUT_INTERVALS, judged_tasks


def test_tasks_come_from_the_best_to_the_worst_with_word_and_sign() -> None:
    table = judged_tasks({"odd": -3.0, "left": 4.0, "right": 0.5})
    table.loc[table["task"] == "right", "word"] = "no practical difference"
    (group,) = groups(table, {("hard d1 w16", "odd"): -12.0})
    assert group.title == "Chosen on validation: 1 of 2 stages shared, width 16"
    found = [(row.name, row.verdict.sign, row.verdict.tone, row.gain, row.interval, row.gap) for row in group.rows]
    assert found == [
        ("left", "▲", "helped", "+4.0", "[3.0, 5.0]", "–"),
        ("right", "■", "even", "+0.5", "[−0.5, 1.5]", "–"),
        ("odd", "▼", "hurt", "−3.0", "[−4.0, −2.0]", "−12.0"),
    ]


def test_too_few_seeds_earn_no_word_and_no_interval() -> None:
    (group,) = groups(judged_tasks({"left": 4.0}, n=3, half_width=WITHOUT_INTERVALS), {})
    (row,) = group.rows
    assert (row.verdict.word, row.verdict.tone, row.interval, row.n) == ("no verdict", "even", "–", 3)


def test_the_mean_stands_with_the_worst_task_and_is_no_task_itself() -> None:
    table = judged_tasks({"left": 4.0, "right": 3.0, "odd": -10.0})
    mean = judged_tasks({"mean": -1.0}).assign(scope=MEAN)
    (group,) = groups(pd.concat([table, mean]), {})
    assert [row.name for row in group.rows] == ["left", "right", "odd"]
    assert group.note.startswith("Mean over tasks −1.0 [−2.0, 0.0], median +3.0, worst task odd −10.0;")
    assert group.note.endswith("between −3.5 and +3.5.")
    assert groups(table, {})[0].note == ""


def test_before_a_verdict_there_is_no_group_and_an_empty_table() -> None:
    assert groups(pd.DataFrame(), {}) == []
    assert gap_changes(pd.DataFrame()) == {}
    table = tasks_table(pd.DataFrame(), {})
    assert table.frame.empty
    assert {"task", "verdict", "gain", "gap_change"} <= set(table.frame.columns)


def test_the_file_has_every_digit_and_the_change_of_the_gap() -> None:
    overfitting = pd.DataFrame({"scope": ["task", "mean"], "arm": ["hard d1 w16"] * 2, "task": ["left", ""]})
    gaps = gap_changes(overfitting.assign(reduction_matched=[0.123456, 0.5]))
    table = tasks_table(judged_tasks({"left": 4.123456, "odd": -1.0}), gaps).frame
    assert list(table["gain"]) == [4.123456, -1.0]
    assert table["gap_change"].iloc[0] == pytest.approx(-12.3456)
    assert table["gap_change"].isna().tolist() == [False, True]


@pytest.mark.parametrize(("alone", "word"), [(True, "trained alone"), (False, "no practical difference")])
def test_a_task_with_the_single_task_networks_themselves_is_called_trained_alone(alone: bool, word: str) -> None:
    """Two networks that are right about every example have the same numbers, and were both trained."""
    table = judged_tasks({"left": 4.0, "odd": 0.0})
    table.loc[table["task"] == "odd", ["word", "low", "high", "alone"]] = ["no practical difference", 0.0, 0.0, alone]
    (group,) = groups(table, {})
    assert [row.verdict.word for row in group.rows] == ["helped", word]
