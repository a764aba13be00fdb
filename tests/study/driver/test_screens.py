"""What a terminal shows."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from study.driver.progress import StudyProgress
from study.driver.run import run
from study.driver.screens import NO_MACHINE, Lines, drawn, lines_of
from tests.study.conftest import tiny

PROGRESS = StudyProgress(
    "search", 3, 40, 0.25, 60.0, 180.0, [("hard d1", 0.5)], [("hard d2", 61.2)], {"ValueError: x": 2}, 2
)


def test_a_crowded_display_fits_twenty_five_lines_and_the_width() -> None:
    crowded = replace(
        PROGRESS,
        running=[(f"arm {number} " * 20, 0.5) for number in range(64)],
        best=[("b" * 300, 1.0)] * 5,
        failed={f"\x1b[31mreason {number}\n": 1 for number in range(3)},
        workers=64,
    )
    lines = lines_of(crowded, 80)
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 80
    assert not any("\x1b" in line or "\n" in line for line in lines)


def test_the_display_names_phase_share_best_arm_and_failures() -> None:
    text = "\n".join(lines_of(PROGRESS, 80))
    for part in ("search", "3 of at most 40", "25%", "61.2  hard d2", "failed 2: ValueError: x", "1 of 2 workers"):
        assert part in text


def test_programs_get_lines_of_json(fake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tiny(), out=tmp_path / "run", backend="inline", screen="json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines
    assert {line["event"] for line in lines} == {"progress"}
    assert lines[-1]["share"] > lines[0]["share"] * 0.99
    assert lines[-1]["share"] <= 1


def test_a_log_says_the_same_thing_once(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Lines(None, 1.0)  # type: ignore[arg-type] - only shows what it is given
    for progress in (PROGRESS, PROGRESS, replace(PROGRESS, done=4)):
        screen.show(progress)
    assert [line.split(",")[0] for line in capsys.readouterr().err.splitlines()] == [
        "search: 3 of at most 40 replicas", "search: 4 of at most 40 replicas"
    ]  # fmt: skip


def test_a_cluster_without_a_machine_is_waited_for_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    alone = replace(PROGRESS, workers=0)
    Lines(None, 1.0).show(alone)  # type: ignore[arg-type]
    assert NO_MACHINE in capsys.readouterr().err
    assert NO_MACHINE in lines_of(alone, 80)
    assert NO_MACHINE not in lines_of(PROGRESS, 80)


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_live_display_has_a_bar_as_long_as_the_share(width: int, share: float) -> None:
    console = Console(file=io.StringIO(), width=width, markup=False, force_terminal=False, color_system=None)
    crowded = replace(PROGRESS, share=share, of=3, study="one", seconds_left_in_all=9e9, workers=64)
    with console.capture() as captured:
        console.print(drawn(crowded, console))
    lines = captured.get().splitlines()
    assert len(lines) == len(lines_of(crowded, width))
    assert max(map(len, lines)) <= width
    room = max(min(width - 30, 50), 10)
    assert abs(lines[1].count("━") - share * room) < 1
    assert f"{share:4.0%}" in lines[1]
