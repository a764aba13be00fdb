"""Text that is nearly numbers is refused, with advice that works when it is followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_core.errors import UserError
from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, lines, text_built

COMMAS = [f'"{value:.4f}"'.replace(".", ",") for value in NUMBERS[0]]


def test_decimal_commas_beside_decimal_points_are_read_as_the_advice_says(tmp_path: Path) -> None:
    text = lines("a,b,y", COMMAS, *NUMBERS[1:3])
    with pytest.raises(UserError, match=r"csv: \{decimal: \{a: ','\}\}"):
        text_built(tmp_path, text)
    read = text_built(tmp_path, text, csv={"decimal": {"a": ","}})
    assert read.fingerprint() == text_built(tmp_path, lines("a,b,y", *NUMBERS[:3])).fingerprint()


def test_a_decimal_mark_of_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Did you mean 'a'"):
        text_built(tmp_path, lines("a1,b,y", *NUMBERS[:3]).replace("a1", "a"), csv={"decimal": {"aa": ","}})


@pytest.mark.parametrize("word", ["?", "-", "N.A.", "unknown", " "])
def test_a_word_for_missing_among_numbers_is_read_as_the_advice_says(word: str, tmp_path: Path) -> None:
    cells = [word if row % 9 == 4 else value for row, value in enumerate(NUMBERS[0])]
    empty = ["" if row % 9 == 4 else value for row, value in enumerate(NUMBERS[0])]
    text = lines("a,b,y", cells, *NUMBERS[1:3])
    with pytest.raises(UserError, match=r"in row 5 .*missing: \[") as caught:
        text_built(tmp_path, text)
    assert word in caught.value.remedy
    wanted = text_built(tmp_path, lines("a,b,y", empty, *NUMBERS[1:3])).fingerprint()
    assert text_built(tmp_path, text, missing=(word,)).fingerprint() == wanted
    assert text_built(tmp_path, text, missing={"a": (word,)}).fingerprint() == wanted


def test_a_line_of_units_below_the_header_is_named(tmp_path: Path) -> None:
    header, rest = lines("a,b,y", *NUMBERS[:3]).split("\n", 1)
    with pytest.raises(UserError, match=r"'s' in row 1 .*delete that line"):
        text_built(tmp_path, f"{header}\nkg,m,s\n{rest}", targets=("y",))
    assert ROWS > 30
