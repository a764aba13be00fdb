"""What the cells of a column say more than its values."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mtl_core.data.tabular.cell_texts import cell_texts, may_say_more


def of(values: pa.Array, cells: list[str | None]) -> tuple[tuple[tuple[str, ...], ...], str | None] | None:
    found = cell_texts(pa.chunked_array([values]), pa.chunked_array([pa.array(cells, pa.string())]))
    return None if found is None else (found.merged, found.code)


def test_texts_that_are_one_value_are_found() -> None:
    assert of(pa.array([1, 1, 2, None]), ["01", "1", "2", None]) == ((("01", "1"),), "01")
    assert of(pa.array([1.0, 1.0, 2.5]), ["1", "1.0", "2.5"]) == ((("1", "1.0"),), None)
    assert of(pa.array([True, True, False]), ["true", "1", "0"]) == ((("1", "true"),), None)


def test_one_text_for_every_value_says_nothing_more() -> None:
    assert of(pa.array([1, 2, 2]), ["1", " 2", "2"]) is None
    assert of(pa.array([0.5, 2.0, None]), ["0.5", "2", ""]) is None


@pytest.mark.parametrize("code", ["007", "+7", "7E0", "0x7"])
def test_what_is_written_as_a_code_is_found_among_whole_numbers_alone(code: str) -> None:
    assert of(pa.array([7, 8]), [code, "8"]) == ((), code)
    assert of(pa.array([7.0, 8.5]), [code, "8.5"]) is None


def test_numbers_that_float64_cannot_hold_keep_their_texts() -> None:
    assert of(pa.array([1e19, 2e19]), ["10000000000000000000", "20000000000000000000"]) == ((), None)


def test_a_missing_value_has_no_text() -> None:
    found = cell_texts(pa.chunked_array([pa.array([1, None, 1])]), pa.chunked_array([pa.array(["1", "99", "01"])]))
    assert found is not None
    assert found.cells.to_pylist() == ["1", None, "01"]


@pytest.mark.parametrize(
    ("values", "may"),
    [([1, 2], True), ([0.5, 1.5], False), ([0.5, 0.5], True), ([1.0, 2.0], True), ([None, None], False)],
)
def test_which_columns_are_looked_at(values: list[float | None], may: bool) -> None:
    assert may_say_more(pa.chunked_array([pa.array(values)])) is may
