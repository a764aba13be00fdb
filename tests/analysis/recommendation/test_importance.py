"""Stated importance of tasks decides: a study whose answer turns when the task that pays counts for more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.questions import transfer
from analysis.recommendation.recommend import recommend
from analysis.records.schema import Records
from analysis.report.sections import options as options_section
from analysis.report.sections import tasks as tasks_section
from analysis.statistics.paired_gains import EQUAL_MEAN, MEAN, TASK
from analysis.statistics.verdicts import HELPED_BY_SHARING, HURT_BY_SHARING
from tests.analysis.conftest import StudyOf
from tests.analysis.recommendation.conftest import ODD


def stating(records: Records, **importance: float) -> Records:
    return replace(records, spec=records.spec | {"importance": importance})


@pytest.fixture
def plain(records_of: StudyOf) -> Records:
    return records_of(ODD)


def test_the_mean_goes_by_importance_and_words_of_tasks_do_not(plain: Records) -> None:
    heavy = stating(plain, left=20, right=20, odd=1)
    before, after = (transfer.table(transfer.score(records)) for records in (plain, heavy))
    each = after[after["baseline"] == "each"]
    means = each.set_index("scope")["gain"]
    assert set(each["scope"]) == {TASK, MEAN, EQUAL_MEAN}
    assert means[EQUAL_MEAN] == before[(before["baseline"] == "each") & (before["scope"] == MEAN)]["gain"].iloc[0]
    gains = each[each["scope"] == TASK].set_index("task")["gain"]
    assert means[MEAN] == pytest.approx((20 * gains["left"] + 20 * gains["right"] + gains["odd"]) / 41)
    words = [
        table[table["scope"] == TASK][["baseline", "task", "word"]].to_numpy().tolist() for table in (before, after)
    ]
    assert words[0] == words[1]
    assert {HELPED_BY_SHARING, HURT_BY_SHARING} <= set(each["word"])


def test_delta_m_goes_by_importance_too(plain: Records) -> None:
    rows = transfer.table(transfer.score(stating(plain, left=3)))
    rows = rows[rows["baseline"] == "each"]
    tasks = rows[rows["scope"] == TASK].set_index("task")["percent_gain"]
    found = rows.set_index("scope")["percent_gain"]
    assert tasks.notna().all()
    assert found[MEAN] == pytest.approx((3 * tasks["left"] + tasks["right"] + tasks["odd"]) / 5)
    assert found[EQUAL_MEAN] == pytest.approx(tasks.mean())


def test_the_preference_for_accuracy_turns_with_importance(plain: Records) -> None:
    def taken(records: Records) -> str:
        return recommend(replace(records, spec=records.spec | {"prefer": "accuracy"})).decision

    assert taken(plain) != "share"
    assert taken(stating(plain, left=50)) == "share"


def test_the_report_says_both_means(plain: Records) -> None:
    found = recommend(stating(plain, left=50))
    option = found.options[0]
    assert option.equal is not None
    assert "by the importance that the study states" in found.statement
    assert "with all tasks alike" in found.statement
    table = options_section.options_table(found)
    assert table is not None
    assert table.frame["mean_gain_all_tasks_alike"].iloc[0] == option.equal[0] != option.gain
    assert "by their stated importance" in table.caption
    rows = transfer.table(transfer.score(stating(plain, left=50)))
    (group,) = tasks_section.groups(rows, {})
    assert "by their stated importance" in group.note
    assert any("mean by importance" in line for line in transfer.words(rows))
    assert any("mean, all tasks alike" in line for line in transfer.words(rows))


def test_without_importance_nothing_is_said_of_it(plain: Records) -> None:
    found = recommend(plain)
    table = options_section.options_table(found)
    assert table is not None
    assert "importance" not in found.statement + table.caption
    assert not [name for name in table.frame if "alike" in name]
