"""Remarks on the command line: one line a kind, below what they could change."""

from __future__ import annotations

import pytest

from mtl_core.data.remark import Remark
from study.cli.check_remarks import HEADINGS, say_remarks, warn_of_remarks


def test_remarks_are_printed_below_what_they_could_change(capsys: pytest.CaptureFixture[str]) -> None:
    days = [Remark("date_as_days", name, f"Dates in {name!r} are days.") for name in "abcde"]
    say_remarks([*days, Remark("leak", "x", "Column 'x' is y."), Remark("row_number", "n", "Column 'n' numbers.")])
    assert capsys.readouterr().out.splitlines() == [
        "",
        HEADINGS["verdict"],
        "- A leak? Column 'x' is y.",
        "",
        HEADINGS["number"],
        "- Row numbers, left out: Column 'n' numbers.",
        "",
        HEADINGS["information"],
        "- Dates as days: 5 of them (a, b, c and 2 more). The first: Dates in 'a' are days.",
    ]


def test_nothing_is_printed_without_remarks(capsys: pytest.CaptureFixture[str]) -> None:
    say_remarks([])
    assert capsys.readouterr().out == ""


def test_what_could_change_the_answer_is_said_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    leaks = [Remark("leak", name, f"Column {name!r} is y.") for name in "vwxyz"]
    warn_of_remarks([*leaks, Remark("row_number", "n", "Column 'n' numbers."), Remark("date_as_days", "d", "Days.")])
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "Data: these could change the answer (check says more):",
        "- A leak? 5 of them (v, w, x and 2 more). The first: Column 'v' is y.",
        "- Row numbers, left out: Column 'n' numbers.",
    ]


def test_a_study_of_a_suite_is_named_and_information_alone_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_remarks([Remark("leak", "x", "Column 'x' is y.")], "shop")
    assert capsys.readouterr().err.startswith("Data of shop: ")
    warn_of_remarks([Remark("date_as_days", "d", "Days.")])
    assert capsys.readouterr().err == ""
