"""Writing the report: nothing outside the run directory, never half a page, and a message where it cannot be."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import analysis
from analysis.records.schema import UnreadableRun
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD
from tests.analysis.synthetic import write_study


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


def test_every_table_and_figure_of_the_page_is_written_and_no_temporary_is_left(tmp_path: Path) -> None:
    run = write_study(tmp_path / "run", replace(ODD, phases=("search",)))
    page = analysis.write_report(run)
    assert page == run / "report.html"
    linked = set(re.findall(r'href="((?:tables|figures)/[^"]+)"', page.read_text("utf-8")))
    assert {Path(name).suffix for name in linked} == {".csv", ".tex", ".md", ".svg", ".pdf", ".png"}
    assert [name for name in sorted(linked) if not (run / name).is_file()] == []
    assert {f"figures/{path.name}" for path in run.glob("figures/*")} <= linked
    assert list(run.glob(".*")) == []


def test_a_place_that_cannot_be_written_is_named_with_the_remedy(records_of: StudyOf, tmp_path: Path) -> None:
    (tmp_path / "figures").write_text("a file where the folder belongs")
    with pytest.raises(UnreadableRun, match=r"the report cannot be written .* Make room or allow it") as caught:
        analysis.write_report(replace(records_of(replace(ODD, phases=("search",))), path=tmp_path))
    assert str(tmp_path) in str(caught.value)
    assert not (tmp_path / "report.html").exists()
