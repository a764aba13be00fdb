"""What shows a study while it runs."""

from __future__ import annotations

import io
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mtl_core.errors import UserError
from study.driver.backend_choice import RunOptions
from study.driver.run import run, run_prepared
from study.driver.watching.screen import Screen
from study.driver.watching.screens import Lines, Watch, drawn
from study.driver.watching.words import lines_of
from study.execution.heartbeat import Heartbeats
from study.execution.inline import Inline
from study.jobs.job import Data
from study.planning.prepare import prepare_run
from tests.study.conftest import tiny
from tests.study.driver.watching.test_device_words import SHORT, USE
from tests.study.driver.watching.test_words import COUNTS, PROGRESS


def test_programs_get_lines_of_json(fake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tiny(), out=tmp_path / "run", backend="inline", screen="json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines
    assert {line["event"] for line in lines} == {"progress"}
    last = lines[-1]
    assert 0 < last["share"] <= 1
    assert last["phase"] == "score"
    assert 0 < last["done"]["verdict"] <= last["planned"]["verdict"]
    assert {"seconds_left", "seconds_left_low", "seconds_left_high", "replicas_per_minute"} <= set(last)
    assert (last["device"], last["machines"], last["waiting"]) == ("cpu", {}, "")


def test_a_log_says_the_same_thing_once() -> None:
    written: list[str] = []
    screen = Lines(written.append)
    more = replace(PROGRESS, counts=replace(COUNTS, done={"search": 4, "confirm": 0}))
    for progress in (PROGRESS, PROGRESS, more):
        screen.show(progress)
    assert [line.split(",")[0] for line in written] == [
        "search: 3 of at most 40 replicas", "search: 4 of at most 40 replicas"
    ]  # fmt: skip


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_live_display_has_a_bar_as_long_as_the_share(width: int, share: float) -> None:
    console = Console(file=io.StringIO(), width=width, markup=False, force_terminal=False, color_system=None)
    crowded = replace(PROGRESS, counts=replace(COUNTS, share=share), of=3, study="one", workers=64)
    with console.capture() as captured:
        console.print(drawn(crowded, console))
    lines = captured.get().splitlines()
    assert len(lines) == len(lines_of(crowded, width))
    assert max(map(len, lines)) <= width
    room = max(min(width - 36, 50), 10)
    assert abs(lines[3].count("━") - share * room) < 1
    assert f"{share:4.0%}" in lines[3]


def test_lines_on_a_card_are_whole_on_eighty_columns() -> None:
    console = Console(file=io.StringIO(), width=80, markup=False, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(drawn(replace(PROGRESS, use=replace(USE, out_of_memory=SHORT)), console))
    text = captured.get()
    assert "device   cuda (NVIDIA H200, 140 GiB)" in text
    assert "packing  2 shards a card, 64 to 134 replicas a shard, measured" in text
    assert "…" not in text.replace(next(line for line in text.splitlines() if "ran out" in line), "")


class Noted(Screen):
    """Notes when it was shown something, and when it ended."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.times, self.ended = seconds, [], 0

    def show(self, progress: Any) -> None:
        self.times.append(time.monotonic())

    def end(self) -> None:
        self.ended += 1


def test_every_screen_has_its_own_pace_and_all_are_shown_the_end() -> None:
    class Monitor:
        def progress(self, scheduler: Any) -> Any:
            return PROGRESS

    often, seldom = Noted(0.01), Noted(3600.0)
    monitor: Any = Monitor()
    watch, until = Watch(monitor, [often, seldom]), time.monotonic() + 900
    with watch.showing(None):  # type: ignore[arg-type] - the monitor does not look at it
        while len(often.times) < 3 and time.monotonic() < until:
            time.sleep(0.01)
    assert len(often.times) > 3
    assert (len(seldom.times), often.ended, seldom.ended) == (2, 1, 1), "at the start and at the end"


def test_a_log_file_stands_beside_any_screen(fake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepared = prepare_run(tiny(), tmp_path / "run")
    options = RunOptions("inline", screen="json", log_file=tmp_path / "log")
    run_prepared(prepared, out=tmp_path / "run", options=options)
    assert "score: opening the test split" in (tmp_path / "log").read_text()
    assert all(json.loads(line) for line in capsys.readouterr().out.splitlines())
    elsewhere = replace(options, log_file=tmp_path / "no" / "log")
    with pytest.raises(UserError, match="cannot be opened"):
        run_prepared(prepared, out=tmp_path / "other", options=elsewhere)


def test_the_start_of_workers_is_shown(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []

    class Starting(Inline):
        def begin(self, data: Data) -> str:
            said.append(capsys.readouterr().err)
            return super().begin(data)

    monkeypatch.setattr("study.driver.run.choose_backend", lambda *rest: Starting(Heartbeats(tmp_path / "beats")))
    run(tiny(), out=tmp_path / "run", screen="auto")
    assert "search" in said[0]
