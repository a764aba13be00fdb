"""Text that is nearly numbers is refused, with advice that works when it is followed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtl_core.errors import UserError
from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, built, column, lines, text_built

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


@pytest.mark.parametrize("written", ["$1{}.5", "1,{}00.5", "{}1%", "\u20ac{}"])
def test_numbers_with_other_marks_are_not_to_be_declared_numeric(written: str) -> None:
    with pytest.raises(UserError) as caught:
        column([written.format(row % 10) for row in range(ROWS)]).kind()
    assert "numeric" not in caught.value.remedy
    assert "as a plain number" in caught.value.remedy


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        (["2024-01-31", "2024-02-29"], "declare it date or categorical"),
        (["2024-01-31", "2024-02-30", "2024-02-01"], "text such as '2024-02-30'"),
        (["2024-01-31", "31/01/2024"], "written like '31/01/2024'"),
        (["2024-01-31T10:00:00", "2024-02-29 11:30"], "dates as text"),
    ],
)
def test_dates_as_text_are_refused_in_every_format(dates: list[str], told: str) -> None:
    with pytest.raises(UserError) as caught:
        column([dates[row % len(dates)] for row in range(ROWS)]).kind()
    assert told in f"{caught.value.found} {caught.value.remedy}".replace("Declare", "declare")


def test_dates_as_text_are_read_as_the_advice_says(tmp_path: Path) -> None:
    days = np.datetime64("2024-01-01") + np.arange(ROWS) % 60
    text = built(tmp_path, {"d": days.astype(str)}, kinds={"d": "date"})
    assert text.fingerprint() == built(tmp_path, {"d": days}).fingerprint()
