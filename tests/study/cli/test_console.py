"""Printing, and the ends of a command."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from mtl_core.errors import UserError
from study.cli.console import (
    DEFECT,
    INTERRUPTED,
    USER_ERROR,
    reports_errors,
    say,
    say_json,
    say_prose,
    say_table,
)
from study.store.unwritable import UNWRITABLE

HOSTILE = "\x1b[31m[bold]名\n"
SHOWN = r"\x1b[31m[bold]名\x0a"


def ending(error: BaseException) -> int:
    """The exit status of a command that raises ``error``."""

    @reports_errors
    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as end:
        command()
    return end.value.exit_code


def test_names_neither_steer_the_terminal_nor_colour_it(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    say_prose(HOSTILE)
    say_table([HOSTILE], [[HOSTILE]])
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [SHOWN] * 4


def test_json_is_one_line_of_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    say_json({"name": HOSTILE})
    out = capsys.readouterr().out
    assert out.isascii()
    assert out.count("\n") == 1


def test_a_users_error_is_three_lines_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(UserError("data.csv", "it is empty.", "Fill it.")) == USER_ERROR == 2
    assert capsys.readouterr().err.splitlines() == [" where  data.csv", " found  it is empty.", "    do  Fill it."]


def test_an_unreadable_run_is_a_users_error_of_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    from analysis.records.schema import UnreadableRun

    assert ending(UnreadableRun("x.parquet is cut short. Run again.")) == USER_ERROR
    assert capsys.readouterr().err.splitlines() == [" found  x.parquet is cut short. Run again."]


def test_ctrl_c_is_status_130() -> None:
    assert ending(KeyboardInterrupt()) == INTERRUPTED == 130


@pytest.mark.parametrize("number", sorted(UNWRITABLE))
def test_a_disk_that_takes_nothing_is_a_users_error(capsys: pytest.CaptureFixture[str], number: int) -> None:
    assert ending(OSError(number, os.strerror(number), "runs/shop/.lock")) == USER_ERROR
    where, found, remedy = capsys.readouterr().err.splitlines()
    assert where.endswith("runs/shop/.lock")
    assert "nothing can be written" in found
    assert "--out" in remedy


@pytest.mark.parametrize("place", ["run directory", "current directory"])
def test_a_defect_is_three_lines_and_a_file_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "run"
    run.mkdir()

    @reports_errors
    def broken(out: Path | None = None) -> None:
        raise ZeroDivisionError("a defect")

    with pytest.raises(typer.Exit) as end:
        broken(out=run if place == "run directory" else None)
    assert end.value.exit_code == DEFECT == 1
    where, found, remedy = capsys.readouterr().err.splitlines()
    (crash,) = (run if place == "run directory" else tmp_path).glob("crash-*.txt")
    assert where.endswith(crash.name)
    assert "ZeroDivisionError: a defect" in found
    assert "same command" in remedy
    assert "in broken" in crash.read_text()


def test_a_reader_that_stops_reading_is_no_defect(tmp_path: Path) -> None:
    command = f"{shlex.quote(sys.executable)} -m study list columns | head -1"
    run = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("Training")
    assert "defect" not in run.stderr
    assert not list(tmp_path.iterdir())
