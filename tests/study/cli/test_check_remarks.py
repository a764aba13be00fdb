"""Remarks on the command line: one line a kind, below what they could change."""

from __future__ import annotations

import pytest

from mtl_core.data.remark import Remark
from study.cli.check_remarks import HEADINGS, say_remarks


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
