"""Digits that name things: whatever is written differently in a text file stays apart, or is said to be one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, built, lines, text_built

PAIRS = [("01", "1"), ("+1", "1"), ("2E3", "2000"), ("0x10", "16"), ("007", "7"), ("1e5", "100000"), ("1.0", "1")]
LONG = tuple(f"1234567890123456789{digit}" for digit in range(4))
CODES = tuple(f"100000000000000{digit}7" for digit in range(4))


def with_cells(folder: Path, cells: Sequence[str], name: str = "c", **options: Any) -> TaskSet:
    """The task set of a text file with a column of these cells in turn; y is predicted, or the column if it is y."""
    repeated = list(itertools.islice(itertools.cycle(cells), ROWS))
    header = "a,b,other,y" if name == "y" else f"a,b,y,{name}"
    return text_built(folder, lines(header, *NUMBERS[:3], repeated), targets=("y",), **options)


def num_groups(task_set: TaskSet) -> int:
    parts = [part.groups for part in (task_set.development.examples, task_set.test)]
    return len(set().union(*(part.tolist() for part in parts if part is not None)))


def said(task_set: TaskSet, kind: str) -> str:
    return " ".join(remark.text for remark in task_set.remarks if remark.kind == kind)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_groups_that_are_written_differently_are_kept_apart_and_said(pair: tuple[str, str], tmp_path: Path) -> None:
    task_set = with_cells(tmp_path, (*pair, "5", "8"), groups="c")
    assert num_groups(task_set) == 4
    assert all(repr(text) in said(task_set, "same_number") for text in pair)
    assert num_groups(with_cells(tmp_path, (*pair, "5", "8"), groups="c", kinds={"c": "numeric"})) == 3
    as_asked = with_cells(tmp_path, (*pair, "5", "8"), groups="c", kinds={"c": "categorical"})
    assert num_groups(as_asked) == 4
    assert not said(as_asked, "same_number")


def test_a_kind_that_groups_cannot_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="numeric, where 01 and 1 are one group"):
        with_cells(tmp_path, ("01", "1", "5", "8"), groups="c", kinds={"c": "boolean"})


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_categories_that_are_written_differently_are_kept_apart(pair: tuple[str, str], tmp_path: Path) -> None:
    task_set = with_cells(tmp_path, (*pair, "5", "8"), kinds={"c": "categorical"})
    assert task_set.development.num_inputs == 2 + 4
    assert "kept apart" in said(task_set, "same_number")


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_classes_that_are_written_differently_are_kept_apart(pair: tuple[str, str], tmp_path: Path) -> None:
    task_set = with_cells(tmp_path, (*pair, "5", "8"), "y", kinds={"y": "multiclass"})
    assert set(task_set.tasks[0].classes) == {*pair, "5", "8"}
    assert "kept apart" in said(task_set, "same_number")


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_classes_of_an_undeclared_target_are_kept_apart_or_said_to_be_one(
    pair: tuple[str, str], tmp_path: Path
) -> None:
    task_set = with_cells(tmp_path, (*pair, "5", "8"), "y")
    assert task_set.tasks[0].kind == "multiclass"
    assert len(task_set.tasks[0].classes) == (3 if "1.0" in pair else 4)
    assert all(repr(text) in said(task_set, "same_number") for text in pair)


def test_an_input_of_codes_that_would_merge_is_text_and_said(tmp_path: Path) -> None:
    task_set = with_cells(tmp_path, ("01", "1", "2", "11"))
    assert task_set.development.num_inputs == 2 + 4
    assert "kinds: {c: numeric}" in said(task_set, "same_number")
    assert with_cells(tmp_path, ("01", "1", "2", "11"), kinds={"c": "numeric"}).development.num_inputs == 3


@pytest.mark.parametrize(
    "cells", [("0.5", "0.50", "1.25"), ("1e+05", "100000", "7"), ("1.0", "1", "2"), ("+0.5", ".5")]
)
def test_numbers_in_several_spellings_are_numbers(cells: tuple[str, ...], tmp_path: Path) -> None:
    task_set = with_cells(tmp_path, cells)
    assert task_set.development.num_inputs == 3
    assert not said(task_set, "same_number")
    plain = with_cells(tmp_path, [repr(float(cell)) for cell in cells])
    assert task_set.fingerprint() == plain.fingerprint()


def test_many_codes_stay_numbers_and_are_said(tmp_path: Path) -> None:
    cells = [f"{number % 60:0{2 + number // 60}}" for number in range(ROWS)]
    task_set = with_cells(tmp_path, cells)
    assert task_set.development.num_inputs == 3
    assert "'00', '000'" in said(task_set, "code_as_number")


def test_leading_zeros_are_kept_in_the_names_of_classes_and_said_of_inputs(tmp_path: Path) -> None:
    assert with_cells(tmp_path, ("01", "02", "10"), "y").tasks[0].classes == ("01", "02", "10")
    assert "such as '01'" in said(with_cells(tmp_path, ("01", "02", "10")), "code_as_number")


def test_blanks_around_a_number_name_nothing(tmp_path: Path) -> None:
    assert num_groups(with_cells(tmp_path, (" 1", "1", "2", "3 "), groups="c")) == 3


def test_truth_in_several_spellings_is_one_truth(tmp_path: Path) -> None:
    assert with_cells(tmp_path, ("true", "True", "FALSE"), "y").tasks[0].kind == "binary"


@pytest.mark.parametrize("cells", [LONG, CODES], ids=["20 digits", "17 digits"])
def test_long_identifiers_name_groups_classes_and_categories(cells: tuple[str, ...], tmp_path: Path) -> None:
    assert num_groups(with_cells(tmp_path, cells, groups="c")) == 4
    assert with_cells(tmp_path, cells, "y").tasks[0].classes == cells
    assert with_cells(tmp_path, cells, "y", kinds={"y": "multiclass"}).tasks[0].classes == cells
    with pytest.raises(UserError, match=r"kinds: \{c: categorical\}"):
        with_cells(tmp_path, cells)
    assert with_cells(tmp_path, cells, kinds={"c": "categorical"}).development.num_inputs == 2 + 4


@pytest.mark.parametrize("stored", [pa.int64(), pa.uint64(), pa.decimal128(20, 0)], ids=str)
def test_long_identifiers_in_binary_files_are_named_by_all_their_digits(stored: pa.DataType, tmp_path: Path) -> None:
    codes = pa.array([int(CODES[row % 4]) for row in range(ROWS)]).cast(stored)
    assert built(tmp_path, {"y": codes}).tasks[0].classes == CODES
    assert built(tmp_path, {"y": codes}, kinds={"y": "multiclass"}).tasks[0].classes == CODES
    assert num_groups(built(tmp_path, {"c": codes}, groups="c")) == 4
    assert built(tmp_path, {"c": codes}, kinds={"c": "categorical"}).development.num_inputs == 2 + 4


@pytest.mark.parametrize(("stored", "first"), [(np.float64, 2.0**53), (np.float32, 2.0**24)])
def test_identifiers_in_a_type_that_cannot_tell_them_apart_are_refused(
    stored: type, first: float, tmp_path: Path
) -> None:
    people = (first + 2 + np.arange(ROWS) // 2).astype(stored)
    with pytest.raises(UserError, match="int64"):
        built(tmp_path, {"c": people}, groups="c")


def test_a_code_for_missing_is_compared_with_the_text_of_a_cell(tmp_path: Path) -> None:
    coded = with_cells(tmp_path, ("01", "1", "2", "5"), groups=None, missing=("01",), kinds={"c": "categorical"})
    assert coded.development.num_inputs == 2 + 3 + 1  # three categories, and where one is missing


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.integers(0, 30), min_size=4, max_size=8, unique=True),
    width=st.integers(1, 4),
    plus=st.booleans(),
)
def test_as_many_groups_as_texts(values: list[int], width: int, plus: bool, tmp_path: Path) -> None:
    cells = [text for value in values for text in (str(value), f"{value:0{width}}", f"{value:{'+' * plus}}")]
    repeated = cells * (ROWS // len(cells) + 1)
    assert num_groups(with_cells(tmp_path, repeated[:ROWS], groups="c")) == len(set(cells))
