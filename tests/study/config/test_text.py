"""Names before they reach a path or a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.config.text import printable, wrong_with_name

HOSTILE = [
    "../x", "/etc/passwd", "a\0b", "x" * 300, "CON", "con.txt", "nul", "LPT1", "", " ", ".", "..", ".hidden", "a/b",
    "a\\b", "<script>alert(1)</script>", "=cmd()", "\\input{x}", "\x1b[31mred", "\u202eevil", "аdmin", "a\nb", "-rf",
    "naïve", "name.", "~root", "$(id)", "`id`", "a b", "\ud800", "COM9.yaml", "[bold]x[/bold]",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_cannot_name_a_study(name: str) -> None:
    assert wrong_with_name(name)


@pytest.mark.parametrize("name", ["demo", "my-study_2", "A", "v1.2", "2026", "x" * 64, "console"])
def test_plain_names_can(name: str) -> None:
    assert wrong_with_name(name) is None


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=50))
def test_nothing_printable_steers_a_terminal(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in shown)


def test_ordinary_text_is_shown_as_it_is() -> None:
    assert printable("Größe 漢字 ≥ 1") == "Größe 漢字 ≥ 1"
    assert printable("\x1b[2J\u202e") == r"\x1b[2J\u202e"
