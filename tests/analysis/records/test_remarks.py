"""Remarks in records: one line a kind; those of older versions have no kind."""

from __future__ import annotations

import pytest

from analysis.records.remarks import line_of, lines_of_remarks


def test_sentences_of_older_versions_stay_one_line_each() -> None:
    lines = lines_of_remarks(["a is empty", "b is empty."])
    assert [(line.kind, line.consequence, line.text) for line in lines] == [
        ("remark", "information", "a is empty."),
        ("remark", "information", "b is empty."),
    ]


def test_a_kind_is_one_line_and_the_gravest_is_first() -> None:
    remarks = [
        {"kind": kind, "consequence": rank, "title": kind.title(), "subject": name, "text": f"{name} is {kind}."}
        for kind, rank, name in (("empty", "information", "a"), ("leak", "verdict", "b"), ("empty", "information", "c"))
    ]
    assert [(line.title, line.text) for line in lines_of_remarks(remarks)] == [
        ("Leak", "b is leak."),
        ("Empty", "2 of them (a, c). The first: a is empty."),
    ]


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ([("a", "x.")], "x."),
        ([("", "x."), ("", "x.")], "x."),
        ([("", "x."), ("", "y.")], "x. y."),
        ([("", f"{i}.") for i in range(5)], "0. 1. 2. And 2 more."),
        ([(name, f"{name}.") for name in "abcde"], "5 of them (a, b, c and 2 more). The first: a."),
    ],
)
def test_several_findings_become_one_sentence(found: list[tuple[str, str]], line: str) -> None:
    assert line_of(found) == line
