"""``check``: what it says to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from study.cli.app import app
from study.config import registered_names
from tests.study.conftest import on_a_known_machine


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("preset", registered_names.names("presets"))
def test_every_preset_can_be_checked(preset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if preset in ("sharing", "weighting"):  # to time dozens of methods takes most of a minute
        on_a_known_machine(monkeypatch)
    result = invoke("check", preset)
    assert result.exit_code == 0, result.output
    for word in ("candidate", "baseline", "replicas", "forecast", "precision"):
        assert word in result.stdout
    assert not list(tmp_path.iterdir())


def test_check_names_skipped_arms_and_what_a_budget_took(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_known_machine(monkeypatch)
    result = invoke(
        "check", "digits3", "--set", "factors.depth=[0, 1]", "--budget", "60s", "--set", "training.epochs=60"
    )
    assert result.exit_code == 0, result.output
    assert "skipped" in result.stdout
    assert "independent" in result.stdout
    assert "budget: tuning.draws" in result.stdout


def test_check_for_programs() -> None:
    facts = json.loads(invoke("check", "digits3", "--json").stdout)
    assert {task["task"] for task in facts["tasks"]} == {"parity", "five or more", "modulo three"}
    assert facts["replicas"]["search"] > 0
    assert facts["forecast"]["seconds"] > 0
    assert 1.0 < facts["smallest_effect"] < 1.5
    assert json.loads(invoke("check", "smoke", "--json").stdout)["smallest_effect"] is None


def test_check_shows_a_stated_importance() -> None:
    stated = ("--set", "importance={parity: 3}")
    facts = json.loads(invoke("check", "digits3", "--json", *stated).stdout)
    assert {task["task"]: task["importance"] for task in facts["tasks"]}["parity"] == 3
    assert "importance" in invoke("check", "digits3", *stated).stdout
    assert "importance" not in invoke("check", "digits3").stdout
    refused = invoke("check", "digits3", "--set", "importance={partiy: 3}")
    assert refused.exit_code == 2
    assert "Did you mean 'parity'?" in refused.output


def test_a_long_table_is_checked_by_its_column_of_tasks(tmp_path: Path) -> None:
    rows = [f"{'north' if row % 2 else 'south'},{row * 7 % 31},{row * 5 % 17},{row // 4}" for row in range(80)]
    (tmp_path / "long.csv").write_text("\n".join(["side,x,score,person", *rows]) + "\n")
    result = invoke("check", "long.csv", "--targets", "score", "--task", "side", "--groups", "person", "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert [task["task"] for task in facts["tasks"]] == ["north", "south"]
    refused = invoke("check", "demo", "--task", "side")
    assert refused.exit_code == 2
    assert "demo does not read a table" in refused.stderr
