"""``status``: a ledger in words."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import analysis
from mtl_core.errors import UserError
from mtl_core.training import trainer
from study.cli.app import app
from study.cli.study_status import Status, read_status, status_of
from study.driver.extend import extend
from study.driver.run import run
from study.planning.cards.facts import packing_facts
from study.store import ledger
from study.store.archive import Entry
from study.store.ledger import Ledger
from study.store.recorded import Recorded
from tests.study import fake_engine
from tests.study.conftest import tiny
from tests.study.driver.watching.test_device_use import memory
from tests.study.planning.cards.test_card_packing import alone, packing

PLANNED = {
    "event": "planned", "time": "2026-01-01T00:00:00.000+00:00", "replicas": {"search": 8, "confirm": 4, "verdict": 4},
}  # fmt: skip


def event(
    kind: str, shard: str, replicas: list[str], seconds: int = 10, phase: str = "search", **facts: Any
) -> dict[str, Any]:
    time = f"2026-01-01T00:00:{seconds:02}.000+00:00"
    return {"event": kind, "time": time, "shard": shard, "phase": phase, "arm": "hard", "replicas": replicas, **facts}


NOTHING = Recorded({}, frozenset())


def recorded(**statuses: str) -> Recorded:
    """Search replicas by name, with the reason of those that failed: ``rain="failed NaN"``."""
    parts = {key: status.partition(" ") for key, status in statuses.items()}
    entries = {key: Entry("hard", "search", status, 1, reason, "part") for key, (status, _, reason) in parts.items()}
    return Recorded(entries, frozenset())


def test_before_anything_ran() -> None:
    now = status_of([PLANNED], NOTHING)
    assert (now.phase, now.counts.done, now.running, now.left) == (
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
        ],
        recorded(**{"1": "running", "2": "stopped"}),
    )
    assert now.counts.done["search"] == 1, "the other one goes on to the next rung"
    assert now.running == 1


def test_failures_are_counted_by_reason() -> None:
    events = [PLANNED, event("started", "a", ["1", "2"]), event("failed", "a", ["1", "2"], reason="NaN")]
    now = status_of(events, recorded(a="failed NaN"))
    assert now.counts.failed == {"NaN": 1}, "the other one of the shard did not fail"
    assert now.running == 0
    assert now.counts.done["search"] == 1


def test_a_new_driver_begins_with_nothing_running() -> None:
    assert status_of([PLANNED, event("started", "a", ["1"]), PLANNED], NOTHING).running == 0
    assert status_of([PLANNED, event("started", "a", ["1"]), event("cut", "a", ["1"])], NOTHING).running == 0


def test_frozen_choices_mark_the_phase() -> None:
    draws = {"event": "frozen", "choice": "draws", "value": {}, "time": PLANNED["time"]}
    arm = {"event": "frozen", "choice": "arm", "value": {"arm": "hard d2"}, "time": PLANNED["time"]}
    opened = {"event": "test_opened", "phase": "verdict", "replicas": 4, "time": PLANNED["time"]}
    assert status_of([PLANNED, draws], NOTHING).phase == "confirm"
    assert status_of([PLANNED, draws, arm], NOTHING).phase == "verdict"
    assert status_of([PLANNED, draws, arm], NOTHING).chosen == "hard d2"
    assert status_of([PLANNED, draws, arm, opened], NOTHING).phase == "finished"
    trained = {"a": Entry("hard", "verdict", "finished", 8, "", "part")}
    assert status_of([PLANNED, draws, arm, opened], Recorded(trained, frozenset())).phase == "score"
    assert status_of([PLANNED, draws, arm, opened], Recorded(trained, frozenset("a"))).phase == "finished"


def write(folder: Path, *events: dict[str, Any]) -> None:
    (folder / "ledger.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


def test_the_command_shows_hostile_reasons_harmlessly(tmp_path: Path) -> None:
    write(tmp_path, PLANNED, {"event": "refused", "time": PLANNED["time"], "reason": "\x1b[31m[bold]x\n"})
    result = CliRunner().invoke(app, ["status", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert r"\x1b[31m[bold]x\x0a" in result.stdout
    assert "\x1b" not in result.stdout


def test_the_command_for_programs(tmp_path: Path) -> None:
    write(tmp_path, PLANNED, event("finished", "a", ["1", "2"]))
    facts = json.loads(CliRunner().invoke(app, ["status", str(tmp_path), "--json"]).stdout)
    assert facts["planned"]["search"] == 8
    assert facts["done"]["search"] == 0, "what the ledger says is not there"


def test_the_card_its_packing_and_its_memory_are_told_to_people_and_to_programs(tmp_path: Path) -> None:
    """In the words of the screen; programs get numbers."""
    with Ledger(tmp_path) as book:
        book.append("planned", replicas=PLANNED["replicas"])
        book.append("packed", **packing_facts(*alone(packing())))
        book.append("device", device="cuda", precision="tf32")
        book.append("started", shard="a", phase="search", replicas=["1"])
        book.append("finished", shard="a", phase="search", replicas=["1"], memory=memory(card="H100"))
        book.append("cut", shard="b", phase="search", arm="hard d1", replicas=["1", "2"], outcome="memory")
    lines = CliRunner().invoke(app, ["status", str(tmp_path)]).stdout.splitlines()
    assert "  device   cuda, products in tf32" in lines, "74 GiB were measured, and 140 GiB are told of"
    assert any(
        line.startswith("  packing  1 shard a card, 64 to 134 replicas a shard, measured on H100 (") for line in lines
    )
    assert "  memory   peak 3.0 GiB a shard, 12.0 of 140 GiB used (H100)" in lines
    assert any(re.fullmatch(r"  memory   ran out \S+ ago: shard of 2 halved, hard d1", line) for line in lines)
    facts = json.loads(CliRunner().invoke(app, ["status", str(tmp_path), "--json"]).stdout)
    assert (facts["packing"]["shards_a_card"], facts["packing"]["fewest"], facts["packing"]["most"]) == (1, 64, 134)
    assert facts["cards"][0]["machine"] == "gpu-1"
    assert (facts["out_of_memory"]["times"], facts["out_of_memory"]["replicas"]) == (1, 2)
    assert (facts["devices"], facts["precision"]) == (["cuda"], "tf32")


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
        assert "1 shard running" in CliRunner().invoke(app, ["status", str(tmp_path)]).output


def shown(out: Path) -> tuple[Status, str]:
    """The status, and what the command prints."""
    result = CliRunner().invoke(app, ["status", str(out)])
    assert result.exit_code == 0, result.output
    return read_status(out), result.output


def stopping(monkeypatch: pytest.MonkeyPatch, error: BaseException, after: int = 3) -> None:
    """Let the fake engine raise ``error`` once it has trained so many shards."""
    begun: list[int] = []

    def fit(*given: Any, **options: Any) -> Any:
        begun.append(1)
        if len(begun) > after:
            raise error
        return fake_engine.fit(*given, **options)

    monkeypatch.setattr(trainer, "fit", fit)


def test_a_finished_study_is_finished_and_names_its_report_or_how_to_get_one(fake: Path, tmp_path: Path) -> None:
    out = run(tiny(), out=tmp_path / "run", backend="inline")
    now, text = shown(out)
    assert (now.phase, now.state, now.alive, now.left) == ("finished", "finished", False, None)
    assert f"finished; mtl-study report {out} writes the report" in text
    assert "at most" not in text
    replicas = analysis.load(out).replicas.drop_duplicates("replica")
    assert now.counts.done == replicas["phase"].value_counts().to_dict()
    (out / "report.html").write_text("")
    assert f"finished; report: {out / 'report.html'}" in shown(out)[1]
    assert "goes on" not in shown(out)[1]


def test_a_study_stopped_by_ctrl_c_says_so_and_is_no_longer_when_it_has_gone_on(
    fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stopping(monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(tiny(), out=tmp_path / "run", backend="inline")
    now, text = shown(tmp_path / "run")
    assert (now.phase, now.state, now.running, now.left) == ("search", "interrupted", 0, None)
    assert "stopped by Ctrl+C" in text
    call = f"study.run(…, out={str(tmp_path / 'run')!r})"
    assert f"nothing is running; this goes on with it: {call}" in text
    shutil.move(tmp_path / "run", tmp_path / "moved")
    moved = tmp_path / "moved"
    assert f"this goes on with it: mtl-study run {moved}/study.yaml --out {moved}" in shown(moved)[1]
    shutil.move(moved, tmp_path / "run")
    assert now.counts.done["search"] > 0
    monkeypatch.setattr(trainer, "fit", fake_engine.fit)
    assert read_status(run(tiny(), out=tmp_path / "run", backend="inline")).state == "finished"


def test_a_refused_study_says_why(fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stopping(monkeypatch, ValueError("no such layer"), after=0)
    with pytest.raises(UserError):
        run(tiny(), out=tmp_path / "run", backend="inline")
    now, text = shown(tmp_path / "run")
    assert now.state == "refused"
    assert "no such layer" in now.reason
    assert "no such layer" in text
    assert now.counts.failed


def test_a_crashed_study_says_so(fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*given: Any, **options: Any) -> Any:
        raise RuntimeError("nothing fits")

    monkeypatch.setattr("study.driver.run.choose_backend", broken)
    with pytest.raises(RuntimeError):
        run(tiny(), out=tmp_path / "run", backend="inline")
    assert (read_status(tmp_path / "run").state, read_status(tmp_path / "run").reason) == (
        "crashed", "RuntimeError: nothing fits",
    )  # fmt: skip


def test_a_killed_study_says_that_nothing_was_said(fake: Path, tmp_path: Path) -> None:
    out = run(tiny(), out=tmp_path / "run", backend="inline")
    lines = (out / ledger.NAME).read_text().splitlines(keepends=True)
    started = [place for place, line in enumerate(lines) if '"event": "started"' in line]
    (out / ledger.NAME).write_text("".join(lines[: started[2] + 1]))
    now, text = shown(out)
    assert (now.phase, now.state, now.running) == ("search", "killed", 0)
    assert "its process was killed" in text


def test_a_study_that_was_killed_while_the_test_split_was_open_is_not_finished(fake: Path, tmp_path: Path) -> None:
    out = run(tiny(), out=tmp_path / "run", backend="inline")
    next((out / "scores").glob("*.parquet")).unlink()
    assert (read_status(out).phase, read_status(out).state) == ("score", "killed")


def test_a_study_that_ended_without_an_answer_is_not_gone_on_with() -> None:
    now = status_of([PLANNED, {"event": "ended", "phase": "search", "reason": "diverged"}], NOTHING, alive=False)
    assert (now.state, now.is_over) == ("ended", True)
    opened = {"event": "test_opened", "phase": "verdict", "replicas": 1}
    ended = {"event": "ended", "phase": "verdict", "reason": "diverged"}
    assert status_of([PLANNED, ended, opened], NOTHING, alive=False).state == "ended", "the baselines were scored"


def test_an_addition_that_was_stopped_is_not_finished_and_names_its_command(
    fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = run(tiny(), out=tmp_path / "run", backend="inline")
    assert read_status(out).state == "finished"
    stopping(monkeypatch, KeyboardInterrupt(), after=0)
    with pytest.raises(KeyboardInterrupt):
        extend(out, seeds=4)
    now, text = shown(out)
    assert (now.phase, now.state, now.is_over) == ("extend", "interrupted", False)
    assert f"mtl-study extend {out} --seeds 4 goes on with it" in " ".join(text.split())
    monkeypatch.setattr(trainer, "fit", fake_engine.fit)
    assert read_status(extend(out, seeds=4)).state == "finished"
