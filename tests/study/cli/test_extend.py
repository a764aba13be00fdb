"""``extend``: what it asks for, announces and reports, to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import analysis
from analysis.report.verdict_text import VerdictText
from study.cli.app import app
from study.driver.run import run
from tests.study.conftest import tiny


@pytest.fixture
def study(fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished tiny study; the report is tested elsewhere, and slow."""
    monkeypatch.setattr(analysis, "write_report", lambda records: records.path / "report.html", raising=False)
    monkeypatch.setattr(analysis, "verdict_text", lambda records: VerdictText("Share.", ["Because."]), raising=False)
    return run(tiny(verdict={"seeds": 5, "max_seeds": 5}), out=tmp_path / "run", backend="inline")


def invoke(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["extend", *map(str, arguments)])


def test_people_are_told_the_seeds_and_the_look(study: Path) -> None:
    result = invoke(study, "--seeds", 8)
    assert result.exit_code == 0, result.output
    assert "3 fresh verdict seeds from 2005 on; the study is then judged for the 2nd time, at a level of 5%/2" in (
        result.stdout
    )
    assert result.stdout.splitlines()[-1] == f"report: {study}/report.html"
    assert "3rd time, at a level of 5%/6" in invoke(study, "--seeds", 9).stdout


def test_the_same_command_again_adds_nothing_and_more_of_the_same_can_be_asked_for(study: Path) -> None:
    assert invoke(study, "--seeds", 8).exit_code == 0
    before = (study / "ledger.jsonl").read_bytes()
    again = invoke(study, "--seeds", 8)
    assert again.exit_code == 0, again.output
    assert again.stdout.splitlines()[0] == "nothing to add: it was added already"
    assert again.stdout.splitlines()[-1] == f"report: {study}/report.html", "there was none yet"
    (study / "report.html").write_text("")
    assert invoke(study, "--seeds", 8).stdout == f"nothing to add: it was added already; report: {study}/report.html\n"
    assert json.loads(invoke(study, "--seeds", 8, "--json").stdout) == {
        "event": "nothing_to_add", "run": str(study), "report": f"{study}/report.html",
    }  # fmt: skip
    assert (study / "ledger.jsonl").read_bytes() == before
    assert "1 fresh verdict seed from 2008 on" in invoke(study, "--seeds", 9).stdout
    assert "added already" in invoke(study, "--seeds", 8).stdout, "nothing was taken back"
    assert invoke(study, "--seeds", 7).exit_code == 2, "nobody had asked for that"
    arm = ("--arms", "hard d1 w4 l2 equal adamw")
    assert [invoke(study, *arm).exit_code for _ in range(2)] == [0, 0]


def test_programs_get_lines_of_json(study: Path) -> None:
    result = invoke(study, "--arms", "hard d1 w4 l2 equal adamw", "--json")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines[0] == {
        "event": "extending", "run": str(study), "number": 1,
        "asked": {"seeds": None, "without": [], "arms": ["hard d1 w4 l2 equal adamw"]},
        "first": 2005, "seeds": 5, "look": 2, "level_divisor": 2,
    }  # fmt: skip
    assert {line["event"] for line in lines[1:-1]} == {"progress"}
    assert all(line["share"] <= 1 for line in lines[1:-1])
    assert lines[-1]["event"] == "reported"


@pytest.mark.parametrize(
    ("options", "found"),
    [((), "nothing is named to add"), (("--seeds", 9, "--without", "sun"), "several things are named")],
)
def test_one_thing_is_added_at_a_time(tmp_path: Path, options: tuple[object, ...], found: str) -> None:
    result = invoke(tmp_path, *options)
    assert result.exit_code == 2
    assert found in result.stderr
    assert "one of --seeds N, --without TASK and --arms LABEL" in result.stderr


def test_a_refusal_has_three_lines(study: Path) -> None:
    result = invoke(study, "--seeds", 5)
    assert result.exit_code == 2
    assert [line.split()[0] for line in result.stderr.splitlines()] == ["where", "found", "do"]
    assert "nothing to add" in result.stderr
