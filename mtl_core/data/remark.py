"""Remarks on data: what was found, of which kind, and how much of the answer depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Consequence = Literal["verdict", "number", "information"]
"""What could change if the remark is true: the study's verdict, one of its numbers, or nothing."""

KINDS: dict[str, tuple[Consequence, str]] = {
    "leak": ("verdict", "A leak?"),
    "repeated_rows": ("verdict", "Rows that repeat others"),
    "near_rows": ("verdict", "Rows that nearly repeat others"),
    "constant_test": ("verdict", "Constant test labels"),
    "no_weight": ("verdict", "Labels that all weigh 0"),
    "same_target": ("verdict", "Targets that are one"),
    "no_header": ("verdict", "No header?"),
    "missing_code": ("verdict", "Codes for missing values?"),
    "few_groups": ("verdict", "Labels in few groups"),
    "group_spelling": ("verdict", "Groups that may be one"),
    "same_number": ("verdict", "One number in several spellings"),
    "spelling": ("number", "Spellings of one value?"),
    "line_break": ("number", "Line breaks in cells"),
    "unused_code": ("number", "Codes for missing that no cell holds"),
    "header_alike": ("number", "Names that look alike"),
    "date_as_number": ("number", "Dates read as numbers"),
    "code_as_number": ("number", "Codes read as numbers?"),
    "missing_word": ("number", "Words taken as missing"),
    "empty_labels": ("number", "Empty cells taken for no label"),
    "far_value": ("number", "A value far from all others"),
    "task_left_out": ("number", "Tasks left out"),
    "few_labels": ("number", "Few labels to develop on"),
    "rare_class": ("number", "Rare classes"),
    "unseen_class": ("number", "Classes left out"),
    "row_number": ("number", "Row numbers, left out"),
    "row_name": ("number", "Names of rows, left out"),
    "no_name": ("number", "No name, left out"),
    "no_difference": ("number", "No differences, left out"),
    "rest_category": ("number", "Many categories"),
    "file_left_out": ("number", "Files or arrays left out"),
    "other_metric": ("number", "A loss of your own, and a metric that may want something else"),
    "kind_inferred": ("number", "Kinds inferred"),
    "not_looked_at": ("information", "Not looked at"),
    "common_class": ("information", "One common class"),
    "kind_as_asked": ("information", "Kinds as asked"),
    "date_as_days": ("information", "Dates as days"),
    "constant_input": ("information", "Constant inputs"),
    "header_blank": ("information", "Blanks around names"),
    "empty_column": ("information", "Empty, left out"),
}
"""Consequence and title of every kind of remark, in the order in which a user should look at them."""


@dataclass(frozen=True)
class Remark:
    """A sentence for the user about the data.

    Args:
        kind: one of ``KINDS``.
        subject: the column that it is about; empty for the whole table.
        text: what was found, and what to do about it, in sentences that stand alone.

    Raises:
        ValueError: for an unknown kind.
    """

    kind: str
    subject: str
    text: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of remark; add it to KINDS.")

    @property
    def consequence(self) -> Consequence:
        """What could change if the remark is true."""
        return KINDS[self.kind][0]

    @property
    def title(self) -> str:
        """Heading of all remarks of the kind."""
        return KINDS[self.kind][1]

    def facts(self) -> dict[str, str]:
        """Return the remark, with its title and consequence, for JSON."""
        return {
            "kind": self.kind,
            "consequence": self.consequence,
            "title": self.title,
            "subject": self.subject,
            "text": self.text,
        }


def ordered(remarks: list[Remark]) -> tuple[Remark, ...]:
    """Return ``remarks`` in the order of ``KINDS``: first those that could change most."""
    places = {kind: place for place, kind in enumerate(KINDS)}
    return tuple(sorted(remarks, key=lambda remark: places[remark.kind]))
