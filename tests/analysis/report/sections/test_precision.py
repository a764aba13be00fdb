"""Planned precision beside achieved: per task and for the mean, in the page and for programs."""

from __future__ import annotations

from dataclasses import replace

import pytest

import analysis
from analysis.recommendation.recommend import recommend
from analysis.records.schema import Records
from analysis.report.output.html import render
from analysis.report.sections.precision import MEAN_OF_TASKS, precision_rows, precision_table
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD, words_of


def with_plan(records: Records, **changes: object) -> Records:
    """The records of a study that kept what it planned."""
    tasks = {task: {"half_width": 4.0, "units": 200, "shortage": ""} for task in records.tasks["task"]}
    planned = {"design": "holdout", "band": {"points": 1.0, "rule": "given"}, "tasks": tasks, "mean": 2.0}
    return replace(records, manifest=records.manifest | {"planned": planned | changes})


def test_what_was_planned_stands_beside_what_came(records_of: StudyOf) -> None:
    records = with_plan(records_of(ODD))
    found = recommend(records)
    rows = precision_rows(records, found)
    assert [row["task"] for row in rows] == [*records.tasks["task"], MEAN_OF_TASKS]
    (chosen,) = [option for option in found.options if option.kind == "chosen"]
    left = chosen.tasks.set_index("task").loc["left"]
    assert rows[0] == {
        "task": "left", "planned": 4.0, "achieved": pytest.approx((left["high"] - left["low"]) / 2), "seeds": 10,
        "judged_by": 200, "shortage": "",
    }  # fmt: skip
    assert rows[-1]["planned"] == 2.0
    assert rows[-1]["achieved"] == pytest.approx((chosen.high - chosen.low) / 2)


def test_the_page_and_the_text_have_them(records_of: StudyOf) -> None:
    records = with_plan(records_of(ODD), band={"points": 2.5, "rule": "auto"})
    page = words_of(records)
    (table,) = [table for table in page.budget_tables if table.name == "precision"]
    assert "set at ± 2.5 points (by auto, from the planned rows) before" in table.caption
    assert "How sure it was to be, and how sure it is" in render(page)
    assert analysis.verdict_text(records).precision == precision_rows(records, recommend(records))


def test_without_an_interval_nothing_is_achieved(records_of: StudyOf) -> None:
    few = replace(ODD, seeds={"search": 1, "confirm": 2, "verdict": 3})
    records = with_plan(records_of(few))
    assert {row["achieved"] for row in precision_rows(records, recommend(records))} == {None}


def test_studies_from_before_it_was_kept_and_unfinished_ones_have_no_table(records_of: StudyOf) -> None:
    records = records_of(ODD)
    assert precision_table(records, recommend(records)) == []
    unfinished = with_plan(records_of(replace(ODD, phases=("search",))))
    assert precision_table(unfinished, recommend(unfinished)) == []


@pytest.mark.parametrize("wrong", ["<b>", 3, None, {"tasks": "<b>", "band": 7, "mean": "wide", "design": ["x"]}])
def test_a_manifest_from_elsewhere_breaks_no_page(records_of: StudyOf, wrong: object) -> None:
    records = records_of(ODD)
    records = replace(records, manifest=records.manifest | {"planned": wrong})
    tables = precision_table(records, recommend(records))
    assert all(set(table.frame["planned"]) == {None} for table in tables)
    assert bool(tables) is isinstance(wrong, dict)


def test_a_second_look_is_named_wherever_its_intervals_are(records_of: StudyOf) -> None:
    """Its intervals have a stricter level, and are wider than foretold for that reason too."""
    page = words_of(with_plan(records_of(replace(ODD, level_divisor=2))))
    (table,) = [table for table in page.budget_tables if table.name == "precision"]
    assert "(at 97.5%, since the study was judged more than once)" in table.caption
    assert page.options_table is not None
    assert "with 97.5% interval" in page.options_table.caption
    assert "97.5% interval from seeds" in page.tasks_table.caption
    assert "95% interval from seeds" in words_of(with_plan(records_of(ODD))).tasks_table.caption
