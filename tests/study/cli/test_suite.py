"""The commands for a suite: each study in turn, and the whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import analysis
from study.cli.app import app
from study.config.load import as_text
from study.config.suite import Suite
from study.driver.run_suite import run_suite
from study.store.ledger import Lock
from tests.study.conftest import SETS, SLOW, three

FILE = """\
name: three
suite: {digits3: {tasks: {set: digits3}}, multidigits: {tasks: {set: multidigits}}, demo: {tasks: {set: demo}}}
factors: {sharing: [hard, additive], depth: [1], stages: [1], width: [4]}
tuning: {draws: 2}
training: {epochs: 8, batch_size: 256}
search: {seeds: 1}
confirm: {seeds: 5}
verdict: {seeds: 2}
backend: inline
"""


def invoke(*arguments: str) -> Any:
    Path("three.yaml").write_text(FILE)
    return CliRunner().invoke(app, list(arguments))


def run(out: Path, suite: Suite | None = None, **options: Any) -> Path:
    return run_suite(suite or three(), out=out, backend="inline", **options)


def test_check_says_each_plan_and_the_whole(journal: Path, tmp_path: Path) -> None:
    result = invoke("check", "three.yaml")
    assert result.exit_code == 0, result.output
    for name in SETS:
        assert f"{name}: 2 tasks" in result.stdout
    assert "three: 3 studies" in result.stdout
    assert "forecast of the suite" in result.stdout
    facts = json.loads(invoke("check", "three.yaml", "--json").stdout)
    assert list(facts["studies"]) == list(SETS)
    assert facts["replicas"]["search"] == sum(facts["studies"][name]["replicas"]["search"] for name in SETS)
    assert not (tmp_path / "runs").exists()


def page_of(source: Any) -> Path:
    """Where the report goes: ``source`` is a suite's directory, or the records of a study."""
    return Path(getattr(source, "path", source)) / "report.html"


def test_run_status_and_report(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []

    def report(source: Any) -> Path:  # what it writes is tested elsewhere, and slow
        written.append(page_of(source).parent)
        return page_of(source)

    monkeypatch.setattr(analysis, "write_report", report, raising=False)
    result = invoke("run", "three.yaml")
    assert result.exit_code == 0, result.output
    out = Path("runs/three")
    assert [path.name for path in written] == [*SETS, "three"]
    lines = result.stdout.splitlines()
    assert lines[-1] == f"report: {out / 'report.html'}"
    assert any(line.startswith("Over 3 task sets, ") for line in lines)
    status = invoke("status", str(out))
    assert "3 of 3 studies finished, 0 not begun" in status.stdout
    studies = json.loads(invoke("status", str(out), "--json").stdout)["studies"]
    assert {name: study["phase"] for name, study in studies.items()} == dict.fromkeys(SETS, "finished")
    assert "finished" in invoke("status", str(out / "demo")).stdout
    again = invoke("report", str(out), "--json")
    facts = json.loads(again.stdout.splitlines()[-1])
    assert (facts["suite"], facts["headline"]) == ("three", next(line for line in lines if line.startswith("Over 3")))
    other = invoke("run", "three.yaml", "--set", "suite.demo.training.epochs=9")
    assert other.exit_code == 2
    assert "demo: training.epochs: 8 there, 9 asked" in other.stderr


def test_a_suite_half_done_says_so(journal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stop(path: Path, part: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", after=stop)
    lines = invoke("status", "out").stdout.splitlines()
    assert f"{Path('out') / 'demo'}: not begun" in lines
    assert lines[-1].startswith("out: 1 of 3 studies finished, 2 not begun")
    monkeypatch.setattr(analysis, "write_report", page_of, raising=False)
    result = invoke("report", "out")
    assert result.exit_code == 0, result.output
    assert "Over 1 task set, " in result.stdout
    assert "multidigits and demo have not ended" in result.stdout


def test_run_for_programs_names_each_study(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "write_report", page_of, raising=False)
    events = [json.loads(line) for line in invoke("run", "three.yaml", "--json").stdout.splitlines()]
    reported = [event for event in events if event["event"] == "reported"]
    assert [event.get("study") or event.get("suite") for event in reported] == [*SETS, "three"]
    assert [Path(event["run"]).name for event in reported] == [*SETS, "three"]
    assert all(event["study"] in SETS for event in events if event["event"] == "progress")


def test_a_budget_says_what_it_takes_from_which_study(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "write_report", page_of, raising=False)
    monkeypatch.setattr("study.planning.prepare.machine_rate", lambda: SLOW)
    monkeypatch.setattr("study.planning.prepare.num_cores", lambda: 2)
    result = invoke("run", "three.yaml", "--set", "tuning.draws=8", "--budget", "140s")
    assert result.exit_code == 0, result.output
    for name in SETS:
        assert f"budget: {name}: tuning.draws: " in result.stderr


def test_a_suite_is_watched_from_one_study_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No study has begun, but the driver is alive: as it is between two studies."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suite.yaml").write_text(as_text(three()))
    lock, shown = Lock(tmp_path), []

    def wait(seconds: float) -> None:
        shown.append(seconds)
        lock.release()

    monkeypatch.setattr("study.cli.suite.time.sleep", wait)
    result = invoke("status", str(tmp_path), "--watch")
    assert result.exit_code == 0, result.output
    assert len(shown) == 1, "once more, since the driver was alive, and then no more"
    assert result.stdout.count("0 of 3 studies finished, 3 not begun") == 2
