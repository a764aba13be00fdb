"""How a text file is written: what the study file may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_core.data.tabular.csv_format import CsvFormat
from mtl_core.errors import UserError


def test_a_decimal_mark_may_be_that_of_one_column() -> None:
    written = CsvFormat(decimal={"price": ","})
    assert [written.decimal_of(name) for name in ("price", "size")] == [",", "."]
    assert written.columns_named == ("price",)
    assert CsvFormat(decimal=",").decimal_of("size") == ","


@pytest.mark.parametrize(("name", "delimiter"), [("t.csv", ","), ("t.TSV", "\t")])
def test_the_suffix_says_what_separates_columns(name: str, delimiter: str) -> None:
    assert CsvFormat().delimiter_of(Path(name)) == delimiter
    assert CsvFormat(delimiter="|").delimiter_of(Path(name)) == "|"


def test_a_mark_is_one_character() -> None:
    with pytest.raises(UserError, match=r"csv\.price"):
        CsvFormat(decimal={"price": ",,"})
