"""The report as a whole: the same bytes for the same records, honest about what is missing, light to load."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from analysis.report.output.html import render
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD, words_of
from tests.analysis.synthetic import write_study


def test_sections_come_in_the_order_in_which_a_reader_asks(records_of: StudyOf) -> None:
    html = render(words_of(records_of(ODD)))
    ids = ["verdict", "tasks", "alerts", "figures", "recommendation", "budget", "limits", "appendix"]
    places = [html.index(f'id="{name}"') for name in ids]
    assert places == sorted(places)


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
