"""The page of a suite: what it says, what it links, and that it fits a telephone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import analysis
from tests.analysis.report.test_hostile import Visit, browser  # noqa: F401 - a fixture
from tests.analysis.suite.conftest import write_suite
from tests.analysis.suite.test_ranking import FIRST, LACKING, SECOND


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of which three studies have ended, one of them lacks a method, and a fourth has not begun."""
    truths = {"first": FIRST, "second": SECOND, "lacking": LACKING, "later": None}
    out = write_suite(tmp_path_factory.mktemp("suite") / "out", truths)
    (out / "first" / "report.html").write_text("stands for the report of the study")
    analysis.write_report(out)
    return out


@pytest.fixture(scope="module")
def text(out: Path) -> str:
    return (out / "report.html").read_text("utf-8")


def test_it_opens_with_the_ranking_and_says_what_is_missing(text: str) -> None:
    heading = re.findall(r"<h1>(.*?)</h1>", text)[0]
    assert re.fullmatch(r"Over 3 task sets, \w+ leads \(\+\d\.\d\); 1 of 3 others cannot be told from it\.", heading)
    assert "later has not ended" in text
    assert "concat is not ranked; lacking: not among the levels of that study." in text
    assert "The claim is about these 3 task sets (first, second and lacking)" in text


def test_it_links_the_reports_that_there_are_and_names_every_study(text: str) -> None:
    assert 'href="first/report.html"' in text
    assert 'href="second/report.html"' not in text
    assert "second (none yet)" in text
    assert "Not begun." in text


def test_it_is_one_file_without_scripts_or_foreign_parts(text: str) -> None:
    assert "<script" not in text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', text)
    assert "default-src 'none'" in text


def test_tables_and_figures_are_exported(out: Path) -> None:
    for stem in ("ways_to_share", "ways_to_share_by_set", "ways_to_share_overview", "studies"):
        for ending in ("csv", "tex", "md"):
            assert (out / "tables" / f"{stem}.{ending}").stat().st_size > 100
    for ending in ("svg", "pdf", "png"):
        assert (out / "figures" / f"ways_to_share.{ending}").stat().st_size > 1000
    cells = pd.read_csv(out / "tables" / "ways_to_share_by_set.csv")
    means = pd.read_csv(out / "tables" / "ways_to_share.csv").set_index("method")
    expected = cells[cells["method"] == "mmoe"]["gain"].mean()
    assert means.loc["mmoe", "gain"] == pytest.approx(expected)


def test_the_totals_add_up(out: Path) -> None:
    rows = pd.read_csv(out / "tables" / "studies.csv").set_index("study")
    parts = rows.drop(index="all")
    for column in ("tasks", "replicas", "test_openings", "training_seconds"):
        assert rows.loc["all", column] == parts[column].sum()
    assert rows.loc["all", "test_openings"] == 6


def test_the_same_records_give_the_same_page(out: Path, text: str) -> None:
    analysis.write_report(out)
    assert (out / "report.html").read_text("utf-8") == text


def test_a_suite_that_has_not_begun_has_a_page_that_says_so(tmp_path: Path) -> None:
    page = analysis.write_report(write_suite(tmp_path / "out", {"first": None, "second": None})).read_text("utf-8")
    assert "No ranking yet" in page
    assert "No study has begun." in page


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_the_window_and_asks_for_nothing(browser: Any, out: Path, width: int) -> None:  # noqa: F811
    visit = Visit(browser, out / "report.html", viewport={"width": width, "height": 844})
    assert visit.events == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
