"""Remarks on the data, as ``check`` and ``run`` print them: one line a kind, those that could change most first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from analysis.records.remarks import lines_of_remarks
from study.cli.console import say, say_prose

if TYPE_CHECKING:
    from mtl_core.data.remark import Remark

HEADINGS = {
    "verdict": "Look at these first; they could change the verdict:",
    "number": "These could change a number:",
    "information": "For information:",
}


def say_remarks(remarks: Sequence[Remark]) -> None:
    """Print one line for every kind of remark, below the heading of its consequence."""
    lines = lines_of_remarks([remark.facts() for remark in remarks])
    for consequence, group in groupby(lines, key=lambda line: line.consequence):
        say("", HEADINGS[consequence])
        say_prose(*(f"- {line.title}{_mark(line.title)} {line.text}" for line in group))


def warn_of_remarks(remarks: Sequence[Remark], study: str = "") -> None:
    """Print what could change the verdict or a number, one line a kind, to standard error before a study runs.

    Args:
        remarks: on the data of the study.
        study: its name, where it is one of several.
    """
    facts = [remark.facts() for remark in remarks if remark.consequence != "information"]
    lines = lines_of_remarks(facts)
    if lines:
        say_prose(f"Data{' of ' * bool(study)}{study}: these could change the answer (check says more):", error=True)
        say_prose(*(f"- {line.title}{_mark(line.title)} {line.text}" for line in lines), error=True)


def _mark(title: str) -> str:
    return "" if title.endswith("?") else ":"
