"""No text says more in a sink than it says to a reader."""

from __future__ import annotations

import csv
import io
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.report.output.escaping import for_csv, for_latex, for_markdown, plain
from tests.analysis.report.hostile import HOSTILE

ANY = st.one_of(
    st.text(),
    st.text("\\{}$&#%_^~<>|\"'`-[]*?! \n\tab"),
    st.sampled_from(HOSTILE),
    st.text("\x1b[]0;m\x07\x9bP\\a\u202e"),
)
COMMAND = re.compile(r"\\text(backslash|asciitilde|asciicircum|less|greater|bar|quotedbl|asciigrave|quotesingle)\{\}")
SIGNS = dict(
    zip(
        ["backslash", "asciitilde", "asciicircum", "less", "greater", "bar", "quotedbl", "asciigrave", "quotesingle"],
        "\\~^<>|\"`'",
        strict=True,
    )
)


@settings(max_examples=500)
@given(ANY)
def test_plain_text_is_one_line_of_visible_signs(text: str) -> None:
    shown = plain(text)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Cn", "Co") for sign in shown)
    assert not any(sign in shown for sign in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    assert shown == plain(shown)
    shown.encode("utf-8")


def test_plain_text_keeps_what_people_write() -> None:
    for text in ("Größe der Stadt", "日本語", "مهمة", "a + b = 50% [x]", "naïve €"):
        assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07name", "name"),
        ("\x1b]8;;http://example.org\x1b\\link", "link"),
        ("\x9b2Jclear", "clear"),
        ("a\r\nb\u2028c\td", "a b c d"),
        ("x\ud800y", "xy"),
        ("\x1b", ""),
        ("a \x00 b", "a b"),
    ],
)
def test_terminal_sequences_leave_nothing_behind(text: str, shown: str) -> None:
    assert plain(text) == shown


@settings(max_examples=500)
@given(ANY)
def test_no_csv_cell_is_a_formula_or_leaves_its_cell(text: str) -> None:
    cell = for_csv(text)
    assert not cell.startswith(tuple("=+-@\t\r＝＋－＠"))
    stream = io.StringIO()
    csv.writer(stream).writerow([cell, "next"])
    assert list(csv.reader(io.StringIO(stream.getvalue()))) == [[cell, "next"]]


@settings(max_examples=500)
@given(ANY)
def test_latex_reads_back_as_the_text_and_runs_nothing(text: str) -> None:
    escaped = for_latex(text)
    rest = COMMAND.sub("", escaped)
    rest = re.sub(r"\\[#$%&_{}]", "", rest)
    rest = re.sub(r"\{[-\[\]*?!]\}", "", rest)
    assert not set(rest) & set("\\{}#$%&_~^<>|\"'`-[]*?!")
    back = re.sub(r"\{([-\[\]*?!])\}", r"\1", COMMAND.sub(lambda found: f"\0{found.group(1)}\0", escaped))
    back = re.sub(r"\\([#$%&_{}])", r"\1", back)
    back = re.sub("\0([a-z]+)\0", lambda found: SIGNS[found.group(1)], back)
    assert back == plain(text)


@settings(max_examples=500)
@given(ANY)
def test_markdown_has_no_mark_up_left(text: str) -> None:
    escaped = for_markdown(text)
    rest = re.sub(r"\\[^A-Za-z0-9\s]|&(amp|lt|gt|#64);", "", escaped)
    assert not set(rest) & set("\\`*_{}[]()#+-.!|~$:<>&@\"'^=")
    back = re.sub(r"\\(.)", r"\1", escaped)
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&#64;", "@"), ("&amp;", "&")):
        back = back.replace(entity, sign)
    assert back == plain(text)
