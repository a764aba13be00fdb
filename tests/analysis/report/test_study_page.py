"""The page of a study as data: what it opens with, and that it claims nothing before there is a verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.report.output.html import render
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD, words_of


def test_the_verdict_opens_the_page(records_of: StudyOf) -> None:
    page = words_of(records_of(ODD))
    assert page.headline == "Do not share everything with everyone: odd pays for it."
    assert "odd is hurt by sharing" in page.sentences[0]
    assert page.forest is not None
    (panel,) = page.forest.panels
    assert [(line.name, line.verdict.word) for line in panel.lines] == [
        ("left", "helped by sharing"),
        ("right", "helped by sharing"),
        ("odd", "hurt by sharing"),
    ]
    places = {line.name: line.place for line in panel.lines}
    assert places["odd"] < page.forest.band[0] < page.forest.band[1] < places["right"] <= places["left"]
    assert all(line.thin[0] <= line.thick[0] < line.place < line.thick[1] <= line.thin[1] for line in panel.lines)
    assert "Candidate: train odd alone" in page.recommendation[0]
    assert page.options[1].cost == "1 network, 35% parameters, 35% multiply-adds, 33% training time"
    assert page.facts[0].value == "10 paired seeds"


@pytest.mark.parametrize(
    ("phases", "headline", "about"),
    [
        (("search",), "No verdict yet: the arms are not confirmed.", "not confirmed"),
        (("search", "confirm"), "No verdict yet: the chosen arm is not judged.", "no verdict is given"),
    ],
)
def test_an_unfinished_study_claims_nothing(
    records_of: StudyOf, phases: tuple[str, ...], headline: str, about: str
) -> None:
    page = words_of(records_of(replace(ODD, phases=phases)))
    html = render(page)
    assert page.headline == headline
    assert about in page.alerts[0].text
    assert about in page.caveat
    assert page.forest is None
    assert page.groups == []
    assert page.next.command == "mtl-study run synthetic"
    assert "hurt by sharing" not in html.split("</style>")[1]
    assert "helped" not in html.split("</style>")[1]


def test_a_search_under_way_claims_nothing(records_of: StudyOf) -> None:
    records = records_of(replace(ODD, phases=("search",)))
    page = words_of(replace(records, ledger=[event for event in records.ledger if event["event"] != "frozen"]))
    assert page.headline == "No verdict yet: the search is not finished."
    assert page.recommendation == ["Nothing is recommended yet."]
    assert page.recipe is None
    assert render(page)


def test_a_run_without_any_record_still_has_a_page(records_of: StudyOf) -> None:
    records = records_of(ODD)
    page = words_of(replace(records, replicas=records.replicas[:0], scores=records.scores[:0], ledger=[]))
    assert page.headline.startswith("No verdict yet")
    assert render(page)


def test_every_table_that_gets_files_has_a_name_of_its_own(records_of: StudyOf) -> None:
    page = words_of(records_of(ODD))
    names = [table.name for table in page.tables]
    assert len(names) == len(set(names))
    assert set(names) >= {"tasks", "transfer", "recipe", "budget", "arms", "failures", "test_access"}
    unfinished = words_of(records_of(replace(ODD, phases=("search",))))
    assert "recipe" not in {table.name for table in unfinished.tables}
