"""Printing, and the ends of a command."""

from __future__ import annotations

import pytest
import typer

from mtl_core.errors import UserError
from study.cli.console import INTERRUPTED, USER_ERROR, reports_errors, say, say_json, say_prose, say_table

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


def test_ctrl_c_is_status_130_and_a_defect_keeps_its_traceback() -> None:
    assert ending(KeyboardInterrupt()) == INTERRUPTED == 130

    @reports_errors
    def broken() -> None:
        raise ZeroDivisionError("defect")

    with pytest.raises(ZeroDivisionError):
        broken()
