"""``run``: prepared once, announced, run as announced; then the verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

import analysis
from analysis.report.verdict_text import VerdictText
from mtl_core.data.remark import Remark
from mtl_core.errors import UserError
from study.cli.app import app
from study.cli.run import refuse_a_file, report, run, saying_how_to_resume
from study.planning import prepare
from study.store import ledger
from tests.analysis.synthetic import Truth, write_study
from tests.study.conftest import small_task_set, tiny

SLOW = 1e5
"""Multiply-adds per second of a machine on which a tiny study takes half a minute."""


@pytest.fixture
def calls(fake: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often the machine was measured and the data were built; the report is tested elsewhere, and slow."""
    calls = {"measured": 0, "built": 0}

    def machine_rate() -> float:
        calls["measured"] += 1
        return SLOW * 1e6 ** (calls["measured"] - 1)  # another machine whenever it is measured again

    def build_task_set(spec: Any) -> Any:
        calls["built"] += 1
        return small_task_set()

    monkeypatch.setattr(prepare, "machine_rate", machine_rate)
    monkeypatch.setattr(prepare, "build_task_set", build_task_set)
    monkeypatch.setattr(prepare, "num_cores", lambda: 2)
    monkeypatch.setattr(analysis, "write_report", lambda records: records.path / "report.html", raising=False)
    monkeypatch.setattr(analysis, "verdict_text", lambda records: VerdictText("Share.", ["Because."]), raising=False)
    return calls


def test_what_is_announced_is_what_is_run(
    calls: dict[str, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    run(tiny(tuning={"draws": 8}, budget="65s"), out=out, address=None, as_json=True)
    assert calls == {"measured": 1, "built": 1}
    announced = [line.removeprefix("budget: ") for line in capsys.readouterr().err.splitlines()]
    (planned,) = [event for event in ledger.read(out / ledger.NAME) if event["event"] == "planned"]
    assert announced == planned["shrunk"]
    assert any(loss.startswith("tuning.draws: ") for loss in announced)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_run_without_a_terminal_says_what_check_says_first(
    as_json: bool, calls: dict[str, int], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    leak = Remark("leak", "x", "Column 'x' is a straight line of the target 'y': a leak?")
    monkeypatch.setattr(prepare, "build_task_set", lambda spec: replace(small_task_set(), remarks=(leak,)))
    run(tiny(budget="75s"), out=tmp_path / "run", address=None, as_json=as_json)
    said = capsys.readouterr()
    assert f"- A leak? {leak.text}" in said.err.splitlines()
    assert leak.text not in said.out


def test_a_run_that_is_gone_on_with_is_prepared_once_too(calls: dict[str, int], tmp_path: Path) -> None:
    for _ in range(2):
        run(tiny(tuning={"draws": 8}, budget="65s"), out=tmp_path / "run", address=None, as_json=True)
    assert calls == {"measured": 2, "built": 2}


def test_a_finished_study_says_at_once_that_nothing_is_left_to_train(
    calls: dict[str, int], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    run(tiny(), out=out, address=None, as_json=True)
    assert "nothing is left to train" not in capsys.readouterr().err

    def slow(*given: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("study.driver.dataset.prepare_with_data", slow)
    with pytest.raises(KeyboardInterrupt):
        run(tiny(), out=out, address=None, as_json=False)
    assert capsys.readouterr().err.splitlines()[0] == (
        f"{out}: nothing is left to train; data and settings are compared with those that it was begun with, then the "
        "report is written again"
    )


def test_the_report_is_said_to_programs_and_to_people(
    calls: dict[str, int], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "load", lambda path: SimpleNamespace(path=path), raising=False)
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "study.yaml").write_text("name: shop\ntasks: {set: demo}\n")
    report(tmp_path / "demo", as_json=True)
    page = str(tmp_path / "demo" / "report.html")
    assert json.loads(capsys.readouterr().out) == {
        "event": "reported", "study": "shop", "run": str(tmp_path / "demo"), "report": page, "headline": "Share.",
        "sentences": ["Because."],
    }  # fmt: skip
    report(tmp_path / "demo")
    assert capsys.readouterr().out.splitlines() == ["", "Share.", "Because.", "", f"report: {page}"]


def test_a_file_is_no_run_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="this is a file"):
        refuse_a_file(tmp_path / "file")
    refuse_a_file(tmp_path)
    refuse_a_file(tmp_path / "new")


def test_an_interruption_says_how_to_go_on_and_stays_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["mtl-study", "run", "a b"])
    with pytest.raises(KeyboardInterrupt), saying_how_to_resume():
        raise KeyboardInterrupt
    assert "mtl-study run 'a b'" in capsys.readouterr().err


def test_options_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_study(tmp_path / "run", Truth(widths=(16,), stages=1, draws=1, epochs=4, num_test=40))
    pages: list[Any] = []
    monkeypatch.setattr(analysis, "write_report", lambda records: pages.append(records) or run, raising=False)
    report(run, as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert [option["taken"] for option in said["options"]] == [True] + [False] * (len(said["options"]) - 1)
    assert all(isinstance(option["mean_gain"], float) for option in said["options"])
    report(run)
    shown = capsys.readouterr().out
    assert (pages[1].path, pages[1].spec.get("prefer")) == (run, None)
    assert "Train each task alone at width 16" in shown
    assert sum(line.startswith("* ") for line in shown.splitlines()) == 1


def test_a_log_file_holds_what_is_printed_whatever_the_screen(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(analysis, "write_report", lambda records: records.path / "report.html", raising=False)
    for options in ([], ["--json"]):  # the second time nothing is left to train
        command = ["run", "smoke", "--backend", "inline", "--out", "out", "--log-file", "log", *options]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
    text = Path("log").read_text()
    assert "search: 0 of at most" in text
    assert f"report: {tmp_path / 'out' / 'report.html'}" in text
    assert '"event": "reported"' in text
    result = CliRunner().invoke(app, ["run", "no-such-study", "--log-file", "log"])
    assert result.exit_code == 2
    assert "where  no-such-study" in Path("log").read_text(), "errors, too"


def test_a_log_file_that_cannot_be_opened_trains_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["run", "smoke", "--out", "out", "--log-file", "no/log"])
    assert result.exit_code == 2
    assert "where  --log-file no/log" in result.stderr
    assert "folder that exists" in result.stderr
    assert not Path("out").exists()
