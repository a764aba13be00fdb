"""The options of the first screen: what is taken is marked, the rule printed, and nothing shown before a verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.recommendation.option import ALONE, Option
from analysis.recommendation.preference import RULES
from analysis.recommendation.recommend import recommend
from analysis.report.output.html import render
from analysis.report.sections.options import HEADER, caption, option_cells, option_lines, options_table
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD, words_of

GOOD = replace(ODD, effects={"left": 6.0, "right": 5.0})


def test_one_option_is_taken_and_training_alone_is_the_measure(records_of: StudyOf) -> None:
    shared, alone = option_lines(recommend(records_of(GOOD)))
    assert (shared.taken, alone.taken) == (True, False)
    assert shared.name == "1 of 1 stages shared, width 16"
    assert shared.gain.startswith("+5.")
    assert shared.risk in ("0%", "<1%")
    assert shared.cost == "1 network, 51% parameters, 51% multiply-adds, 50% training time"
    assert (alone.name, alone.gain, alone.worst, alone.risk) == ("Train each task alone at width 16", "0", "0", "0%")


def test_a_certain_loss_is_not_taken(records_of: StudyOf) -> None:
    alone, shared = option_lines(recommend(records_of(ODD)))  # what is taken comes first
    assert (shared.taken, alone.taken) == (False, True)
    assert shared.risk in ("100%", ">99%")


def test_the_caption_prints_the_rule_of_the_preference(records_of: StudyOf) -> None:
    records = records_of(GOOD)
    for prefer, rule in RULES.items():
        said = caption(recommend(replace(records, spec=records.spec | {"prefer": prefer})))
        assert f"Taken (prefer: {prefer}): {rule}" in said


def test_the_terminal_has_a_header_and_a_mark(records_of: StudyOf) -> None:
    cells = option_cells(recommend(records_of(GOOD)))
    assert cells[0] == HEADER
    assert [row[0].startswith("* ") for row in cells[1:]] == [True, False]


def test_the_file_has_every_digit(records_of: StudyOf) -> None:
    found = recommend(records_of(GOOD))
    table = options_table(found)
    assert table is not None
    assert list(table.frame["mean_gain"]) == [option.gain for option in found.options]
    assert list(table.frame["taken"]) == [True, False]
    assert table.frame["multiply_adds_ratio"].iloc[1] == 1.0


def test_before_a_verdict_there_are_no_options(records_of: StudyOf) -> None:
    found = recommend(records_of(replace(ODD, phases=("search",))))
    assert (option_lines(found), option_cells(found), options_table(found)) == ([], [], None)


def test_the_page_shows_the_statement_then_the_options_then_the_forest_then_details(records_of: StudyOf) -> None:
    page = words_of(records_of(GOOD))
    html = render(page)
    marks = [page.headline + "</h1>", page.sentences[0], 'class="options"', 'class="forest"', page.sentences[1]]
    places = [html.index(mark) for mark in (*marks, 'id="tasks"')]
    assert places == sorted(places)
    assert "options" in {table.name for table in page.tables}


@pytest.mark.parametrize("alone", [[], ["odd"]])
def test_tasks_that_an_option_trains_alone_are_named(alone: list[str], records_of: StudyOf) -> None:
    found = recommend(records_of(GOOD))
    first = replace(found.options[0], alone=alone)
    (line, *_) = option_lines(replace(found, options=[first, *found.options[1:]]))
    assert line.name.endswith("; odd alone") is bool(alone)
    assert isinstance(first, Option)
    assert found.options[-1].kind == ALONE
