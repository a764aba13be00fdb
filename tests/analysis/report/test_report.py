"""The report as a whole: the same bytes for the same records, honest about what is missing, light to load."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import analysis
from analysis.records.schema import UnreadableRun
from analysis.report.output.html import render
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import SMALL, words_of
from tests.analysis.synthetic import Truth, write_study

SHARP = SMALL | {"seed_noise": 0.3, "test_noise": 2.0, "num_test": 200}
ODD = Truth(effects={"left": 6.0, "right": 5.0, "odd": -9.0}, chosen="hard d1 w16 l1 equal adamw", **SHARP)


def test_the_verdict_opens_the_page(records_of: StudyOf) -> None:
    page = words_of(records_of(ODD))
    assert page.headline == "Do not share everything with everyone: odd pays for it."
    assert "odd is hurt by sharing" in page.sentences[0]
    assert page.forest is not None
    (panel,) = page.forest.panels
    assert [(line.name, line.verdict.word) for line in panel.lines] == [
        ("left", "helped"),
        ("right", "helped"),
        ("odd", "hurt by sharing"),
    ]
    places = {line.name: line.place for line in panel.lines}
    assert places["odd"] < page.forest.band[0] < page.forest.band[1] < places["right"] <= places["left"]
    assert all(line.thin[0] <= line.thick[0] < line.place < line.thick[1] <= line.thin[1] for line in panel.lines)
    assert "Candidate: train odd alone" in page.recommendation[0]
    labels = [fact.label for fact in page.facts]
    assert labels[0].startswith("Cost against single-task")
    assert page.facts[1].value == "10 paired seeds"


def test_sections_come_in_the_order_in_which_a_reader_asks(records_of: StudyOf) -> None:
    html = render(words_of(records_of(ODD)))
    ids = ["verdict", "tasks", "alerts", "figures", "recommendation", "budget", "limits", "appendix"]
    places = [html.index(f'id="{name}"') for name in ids]
    assert places == sorted(places)


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


def test_three_seeds_are_points_without_intervals(records_of: StudyOf) -> None:
    page = words_of(records_of(replace(ODD, seeds={"search": 1, "confirm": 3, "verdict": 3})))
    assert page.alerts[0].about == "Too few seeds"
    rows = [row for group in page.groups for row in group.rows]
    assert {row.interval for row in rows} == {"–"}
    assert {row.verdict.word for row in rows} == {"no verdict"}
    assert all(line.thick is None and line.thin is None for panel in page.forest.panels for line in panel.lines)


def test_failures_are_counted_named_and_listed(records_of: StudyOf) -> None:
    page = words_of(records_of(replace(ODD, failing=0.5, draws=8)))
    (alert,) = [alert for alert in page.alerts if alert.about == "Failures"]
    listed = next(table for table in page.appendix if table.name == "failures")
    assert alert.text.startswith(f"{len(listed.frame)} of ")
    assert "the loss became infinite" in alert.text
    assert len(listed.frame) > 3


def test_few_labels_are_an_alert(records_of: StudyOf) -> None:
    abouts = {alert.about for alert in words_of(records_of(replace(ODD, missing={"odd": 0.8}))).alerts}
    assert abouts >= {"Few labels", "Small test split"}
    assert "Few labels" not in {alert.about for alert in words_of(records_of(ODD)).alerts}


def test_curves_that_still_rise_are_an_alert(records_of: StudyOf) -> None:
    records = records_of(ODD)
    assert "Not converged" not in {alert.about for alert in words_of(records).alerts}
    rows = records.replicas.assign(validation_skill=[[0.1 * epoch for epoch in range(8)]] * len(records.replicas))
    assert "Not converged" in {alert.about for alert in words_of(replace(records, replicas=rows)).alerts}


def test_solvers_that_stopped_short_are_an_alert(records_of: StudyOf) -> None:
    records = records_of(ODD)
    assert "Solver stopped short" not in {alert.about for alert in words_of(records).alerts}
    first = records.replicas["replica"].iloc[0]
    rows = records.replicas.assign(unconverged=(records.replicas["replica"] == first) * 3)
    found = words_of(replace(records, replicas=rows)).alerts
    (alert,) = [alert for alert in found if alert.about == "Solver stopped short"]
    assert alert.text.startswith("equal: in 1 of ")
    assert "(3 in all)" in alert.text


def test_both_sides_of_the_comparison_show_their_budget(records_of: StudyOf) -> None:
    (table,) = words_of(records_of(ODD)).budget_tables
    rows = {row["arm"]: row for row in table.frame.to_dict("records")}
    chosen, each = rows["hard d1 w16 l1 equal adamw"], rows["single_task w16 l1 adamw"]
    for side in ("draws", "search_epochs", "confirm_seeds", "verdict_seeds"):
        assert chosen[side] == each[side]
    assert each["parameters"] > chosen["parameters"]


def test_a_recipe_names_every_setting(records_of: StudyOf) -> None:
    recipe = words_of(records_of(ODD)).recipe
    assert recipe is not None
    settings = dict(zip(recipe.frame["setting"], recipe.frame["all tasks"], strict=True))
    assert settings["width"] == 16
    assert settings["learning_rate"] == 0.003


def test_links_planted_in_a_run_are_not_followed(tmp_path: Path) -> None:
    run = write_study(tmp_path / "run", replace(ODD, phases=("search",)))
    outside = tmp_path / "outside"
    outside.mkdir()
    (run / "tables").symlink_to(outside)
    with pytest.raises(UnreadableRun, match="is a link"):
        analysis.write_report(run)
    (run / "tables").unlink()
    (run / "tables").mkdir()
    for name in ("tables/arms.csv", "report.html"):
        (run / name).symlink_to(outside / "victim")
    analysis.write_report(run)
    assert list(outside.iterdir()) == []


def test_reporting_loads_neither_torch_nor_ray(tmp_path: Path) -> None:
    run = write_study(tmp_path / "run", replace(ODD, phases=("search",)))
    code = (
        "import sys, json, analysis; analysis.write_report(sys.argv[1]); analysis.write_report(sys.argv[1]); "
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(run)], capture_output=True, text=True, check=True, timeout=120
    )
    assert not {"torch", "ray", "study", "mtl_core", "optuna", "sklearn"} & set(json.loads(done.stdout))
