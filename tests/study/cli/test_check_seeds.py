"""Seeds as ``check`` says them: a number that outer folds have raised is told, to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from study.cli.app import app
from tests.study.conftest import on_a_known_machine
from tests.study.finished_studies import write_table


@pytest.fixture(autouse=True)
def _shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    on_a_known_machine(monkeypatch)
    write_table(tmp_path / "shop.csv", 60)


def check(*options: str) -> Any:
    result = CliRunner().invoke(app, ["check", "shop.csv", "--targets", "y_*", *options])
    assert result.exit_code == 0, result.output
    return result


SEEDS = ("--set", "search.seeds=5", "--set", "verdict={seeds: 7, max_seeds: 12}")


def test_seeds_that_outer_folds_raise_are_said_in_one_line() -> None:
    lines = [line for line in check(*SEEDS).stdout.splitlines() if line.startswith("seeds:")]
    assert lines == [
        "seeds: as many in each of the 5 outer folds, so verdict.seeds 10 instead of 7, "
        "verdict.max_seeds 15 instead of 12"
    ]


def test_they_are_numbers_for_programs() -> None:
    facts = json.loads(check(*SEEDS, "--json").stdout)
    assert facts["seeds_asked"] == {"search": 5, "confirm": 10, "verdict": 7}
    assert facts["seeds"] == {"search": 5, "confirm": 10, "verdict": 10}
    assert facts["max_verdict_seeds"] == 15


def test_nothing_is_said_where_all_are_as_they_were_asked() -> None:
    assert "\nseeds:" not in check("--set", "search.seeds=5").stdout
    assert "\nseeds:" not in check("--set", "evaluation.design=holdout", "--set", "verdict.seeds=7").stdout


def test_a_verdict_under_a_budget_does_not_go_on() -> None:
    facts = json.loads(check(*SEEDS, "--budget", "100000 replicas", "--json").stdout)
    assert facts["max_verdict_seeds"] == facts["seeds"]["verdict"] == 10
