"""Remarks on the data of a study, as its records hold them: one line a kind, those that could change most first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

Consequence = Literal["verdict", "number", "information"]
CONSEQUENCES: tuple[Consequence, ...] = get_args(Consequence)
"""What a remark could change, the gravest first."""
MOST_NAMES = 3


@dataclass(frozen=True)
class RemarkLine:
    """All remarks of one kind, in one line.

    Args:
        kind: short identifier of the kind; ``remark`` where the records have none.
        title: heading of the kind.
        consequence: what could change because of it.
        text: of the one remark, or how many there are, on which columns, and the first of them.
    """

    kind: str
    title: str
    consequence: Consequence
    text: str


def lines_of_remarks(remarks: Sequence[str | dict[str, Any]]) -> list[RemarkLine]:
    """Return one line for every kind of remark, ordered by consequence.

    Args:
        remarks: as in ``tasks.json``; runs of older versions hold sentences without a kind, which stay one line each.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    lines = []
    for remark in remarks:
        if isinstance(remark, dict):
            groups.setdefault(str(remark.get("kind", "remark")), []).append(remark)
        else:
            lines.append(RemarkLine("remark", "Data", "information", f"{str(remark).rstrip('.')}."))
    lines += [_line(kind, group) for kind, group in groups.items()]
    return sorted(lines, key=lambda line: CONSEQUENCES.index(line.consequence))


def line_of(found: Sequence[tuple[str, str]]) -> str:
    """Return one sentence for several findings of a kind, each a subject and a text.

    A single text is returned as it is; equal texts are returned once.
    """
    texts = list(dict.fromkeys(text for _, text in found))
    subjects = list(dict.fromkeys(subject for subject, _ in found if subject))
    if len(texts) == 1:
        return texts[0]
    if len(subjects) < 2:
        more = len(texts) - MOST_NAMES
        return " ".join(texts[:MOST_NAMES]) + (f" And {more} more." if more > 0 else "")
    names = ", ".join(subjects[:MOST_NAMES])
    more = f" and {len(subjects) - MOST_NAMES} more" if len(subjects) > MOST_NAMES else ""
    return f"{len(subjects)} of them ({names}{more}). The first: {texts[0]}"


def _line(kind: str, group: list[dict[str, Any]]) -> RemarkLine:
    found = [(str(remark.get("subject", "")), str(remark.get("text", ""))) for remark in group]
    named: list[Consequence] = [c for c in CONSEQUENCES if any(remark.get("consequence") == c for remark in group)]
    gravest: Consequence = named[0] if named else "information"
    return RemarkLine(kind, str(group[0].get("title", "Data")), gravest, line_of(found))
