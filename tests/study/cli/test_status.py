"""``status``: a ledger in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from study.cli.app import app
from study.cli.status import status_of
from study.store.ledger import Ledger

PLANNED = {
    "event": "planned", "time": "2026-01-01T00:00:00.000+00:00", "replicas": {"search": 8, "confirm": 4, "verdict": 4},
}  # fmt: skip


def event(
    kind: str, shard: str, replicas: list[str], seconds: int = 10, phase: str = "search", **facts: Any
) -> dict[str, Any]:
    time = f"2026-01-01T00:00:{seconds:02}.000+00:00"
    return {"event": kind, "time": time, "shard": shard, "phase": phase, "arm": "hard", "replicas": replicas, **facts}


def test_before_anything_ran() -> None:
    now = status_of([PLANNED])
    assert (now.phase, now.done, now.running, now.seconds_left) == (
        "search",
        {"search": 0, "confirm": 0, "verdict": 0},
        0,
        None,
    )


def test_replicas_are_counted_once_over_rungs_and_shards_run_until_they_end() -> None:
    now = status_of(
        [
            PLANNED,
            event("started", "a", ["1", "2"]),
            event("started", "b", ["3"]),
            event("finished", "a", ["1", "2"]),
            event("started", "a2", ["1"]),
            event("finished", "a2", ["1"], seconds=20),
        ]
    )
    assert now.done["search"] == 2
    assert now.running == 1
    # 20 seconds for 3 ended replicas of shards, 14 are left.
    assert now.seconds_left == pytest.approx(14 * 20 / 3)


def test_failures_are_counted_by_reason() -> None:
    now = status_of([PLANNED, event("started", "a", ["1"]), event("failed", "a", ["1"], reason="NaN")])
    assert now.failed == {"NaN": 1}
    assert now.running == 0
    assert now.done["search"] == 1


def test_a_new_driver_begins_with_nothing_running() -> None:
    assert status_of([PLANNED, event("started", "a", ["1"]), PLANNED]).running == 0
    assert status_of([PLANNED, event("started", "a", ["1"]), event("cut", "a", ["1"])]).running == 0


def test_frozen_choices_mark_the_phase() -> None:
    draws = {"event": "frozen", "choice": "draws", "value": {}, "time": PLANNED["time"]}
    arm = {"event": "frozen", "choice": "arm", "value": {"arm": "hard d2"}, "time": PLANNED["time"]}
    opened = {"event": "test_opened", "phase": "verdict", "replicas": 4, "time": PLANNED["time"]}
    assert status_of([PLANNED, draws]).phase == "confirm"
    assert status_of([PLANNED, draws, arm]).phase == "verdict"
    assert status_of([PLANNED, draws, arm]).chosen == "hard d2"
    assert status_of([PLANNED, draws, arm, opened]).phase == "reported"


def write(folder: Path, *events: dict[str, Any]) -> None:
    (folder / "ledger.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


def test_the_command_shows_hostile_reasons_harmlessly(tmp_path: Path) -> None:
    write(tmp_path, PLANNED, event("failed", "a", ["1"], reason="\x1b[31m[bold]x\n"))
    result = CliRunner().invoke(app, ["status", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert r"\x1b[31m[bold]x\x0a" in result.stdout
    assert "\x1b" not in result.stdout


def test_the_command_for_programs(tmp_path: Path) -> None:
    write(tmp_path, PLANNED, event("finished", "a", ["1", "2"]))
    facts = json.loads(CliRunner().invoke(app, ["status", str(tmp_path), "--json"]).stdout)
    assert facts["planned"]["search"] == 8
    assert facts["done"]["search"] == 2


@pytest.mark.parametrize("name", [".", "missing"])
def test_no_study_is_a_mistake(name: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["status", str(tmp_path / name)])
    assert result.exit_code == 2
    assert "no study" in result.stderr


def test_a_damaged_ledger_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").write_text("nonsense\n" + json.dumps(PLANNED) + "\n")
    result = CliRunner().invoke(app, ["status", str(tmp_path)])
    assert result.exit_code == 2
    assert "line 1" in result.stderr


def test_a_study_whose_driver_died_is_said_to_stand_still(tmp_path: Path) -> None:
    """A killed driver leaves a ledger with jobs that only started, and a lock file that nobody holds."""
    events = [PLANNED, event("started", "a", ["1"]), event("finished", "a", ["1"]), event("started", "b", ["3"])]
    (tmp_path / "ledger.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
    (tmp_path / ".lock").write_text("process 1 on nowhere\n")
    result = CliRunner().invoke(app, ["status", str(tmp_path), "--watch"])
    assert result.exit_code == 0
    assert "nothing is running" in result.output
    assert "left" not in result.output
    assert json.loads(CliRunner().invoke(app, ["status", str(tmp_path), "--json"]).output)["running"] == 0


def test_a_study_whose_driver_lives_is_running(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.append("planned", replicas=PLANNED["replicas"])
        ledger.append("started", shard="a", phase="search", replicas=["1"])
        assert "1 shards running" in CliRunner().invoke(app, ["status", str(tmp_path)]).output
