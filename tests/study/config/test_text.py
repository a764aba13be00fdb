"""Names before they reach a path or a terminal."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.config.text import MAX_SLUG, nearest, printable, slug, wrong_with_name

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


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_become_harmless_slugs(name: str, tmp_path: Path) -> None:
    path = (tmp_path / slug(name)).resolve()
    assert path.parent == tmp_path.resolve()
    path.mkdir()


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=100))
def test_a_slug_is_a_safe_file_name(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9_][a-z0-9_-]*", slug(name))
    assert len(slug(name)) <= MAX_SLUG


@settings(max_examples=200, deadline=None)
@given(st.text("abAB-_ /é", max_size=6), st.text("abAB-_ /é", max_size=6))
def test_different_names_have_different_slugs(first: str, second: str) -> None:
    assert (slug(first) == slug(second)) == (first == second)


def test_a_plain_name_is_its_own_slug() -> None:
    assert slug("left_digit-2") == "left_digit-2"


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=50))
def test_nothing_printable_steers_a_terminal(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in shown)


def test_ordinary_text_is_shown_as_it_is() -> None:
    assert printable("Größe 漢字 ≥ 1") == "Größe 漢字 ≥ 1"
    assert printable("\x1b[2J\u202e") == r"\x1b[2J\u202e"


def test_the_nearest_name_or_all_of_them() -> None:
    assert nearest("widht", ["width", "depth"]) == "Did you mean 'width'?"
    assert nearest("zzz", ["width", "depth"]) == "There is: width, depth."
