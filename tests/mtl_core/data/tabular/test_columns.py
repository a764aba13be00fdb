"""Columns: identity passes through no rounded text, and a refusal offers what works."""

from __future__ import annotations

from contextlib import suppress
from datetime import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mtl_core.data.tabular.columns import TARGET_KINDS
from mtl_core.errors import UserError
from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, built, column

CODES = np.array([1000004, 1000014, 1000018, 1000024])[np.arange(ROWS) % 4]


@pytest.mark.parametrize("stored", [pa.int64(), pa.float64(), pa.int32(), pa.large_string()], ids=str)
def test_class_codes_are_the_same_classes_however_they_are_stored(tmp_path: Path, stored: pa.DataType) -> None:
    values = pa.array(CODES).cast(stored)
    task = built(tmp_path, {"y": values}, kinds={"y": "multiclass"}).tasks[0]
    assert task.classes == ("1000004", "1000014", "1000018", "1000024")


def test_seven_digit_groups_are_not_merged(tmp_path: Path) -> None:
    people = 1_000_000.0 + np.arange(ROWS) // 2
    task_set = built(tmp_path, {"who": people}, groups="who")
    assert task_set.development.examples.groups is not None
    assert task_set.test.groups is not None
    sides = [set(part.tolist()) for part in (task_set.development.examples.groups, task_set.test.groups)]
    assert len(sides[0] | sides[1]) == ROWS // 2
    assert not sides[0] & sides[1]


@pytest.mark.parametrize("words", [("Yes", "No"), ("true", "FALSE"), (" y", "n")])
def test_words_for_truth_are_read_where_a_boolean_is_declared(tmp_path: Path, words: tuple[str, str]) -> None:
    said = [words[number % 2] for number in range(ROWS)]
    task_set = built(tmp_path, {"a": said}, kinds={"a": "boolean"})
    assert task_set.development.num_inputs == 2
    assert set(task_set.test.inputs[:, 0].tolist()) == {0.0, 1.0}


def test_other_words_are_no_truth(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'a'"):
        built(tmp_path, {"a": ["maybe", "No"] * (ROWS // 2)}, kinds={"a": "boolean"})


def test_the_kind_that_a_refusal_offers_for_digits_in_text_works(tmp_path: Path) -> None:
    digits = [str(number % 2) for number in range(ROWS)]
    with pytest.raises(UserError, match="binary, count, multiclass, ordinal or regression"):
        built(tmp_path, {"y": digits})
    assert built(tmp_path, {"y": digits}, kinds={"y": "binary"}).tasks[0].classes == ("0", "1")
    with pytest.raises(UserError, match="numeric or categorical"):
        built(tmp_path, {"a": digits})
    assert built(tmp_path, {"a": digits}, kinds={"a": "numeric"}).development.num_inputs == 2


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        (["\u22121.5", "2.5"], "write '-'"),
        (["-1,5", "2,5"], "decimal: ','"),
        (["01.02.2023", "11.12.2023"], "2023-01-31"),
        (["1/2/2023 10:30", "11/12/2023 11:45"], "2023-01-31"),
    ],
)
def test_what_is_nearly_a_number_or_a_date_is_answered_with_how_to_write_it(values: list[str], advice: str) -> None:
    with pytest.raises(UserError) as caught:
        column([values[number % 2] for number in range(ROWS)]).kind(TARGET_KINDS)
    assert advice in caught.value.remedy


@pytest.mark.parametrize(
    ("values", "whole"), [([1, 2], True), ([1.0, None, 3.0], True), ([1.5, 2.0], False), (["1", "2"], False)]
)
def test_whole_numbers_are_told_from_others(values: list[Any], whole: bool) -> None:
    assert column(values).is_whole is whole


def test_a_column_of_numbers_is_read_as_it_is() -> None:
    assert np.array_equal(column(NUMBERS[0]).numbers(), NUMBERS[0])


OF_ANY_TYPE = {
    "duration": pa.array(np.arange(ROWS) % 3, pa.duration("s")),
    "uuid": pa.array([bytes([place % 7 + 248] * 16) for place in range(ROWS)], pa.binary(16)).cast(pa.uuid()),
    "bytes": pa.array([bytes([place % 3 + 248]) for place in range(ROWS)]),
    "few digits": pa.array(np.arange(ROWS) % 3).cast(pa.decimal128(19)).cast(pa.decimal32(4, 0)),
}


@pytest.mark.parametrize("name", list(OF_ANY_TYPE))
def test_a_column_of_any_type_can_be_ignored_and_is_refused_in_words_where_it_is_used(
    tmp_path: Path, name: str
) -> None:
    task_set = built(tmp_path, {"odd": OF_ANY_TYPE[name]}, ignore=("odd",))
    assert task_set.development.num_inputs == 2
    for options in ({}, {"kinds": {"odd": "categorical"}}, {"groups": "odd"}):
        with suppress(UserError):  # any other error fails
            built(tmp_path, {"odd": OF_ANY_TYPE[name]}, **options)


def test_a_time_of_day_may_be_declared_as_the_refusal_advises(tmp_path: Path) -> None:
    times = pa.array([time(place % 3) for place in range(ROWS)], pa.time32("s"))
    with pytest.raises(UserError, match="declare it categorical under kinds"):
        built(tmp_path, {"a": times})
    task_set = built(tmp_path, {"a": times}, kinds={"a": "categorical"})
    assert task_set.development.num_inputs == 4
    with pytest.raises(UserError, match="declare it multiclass under kinds"):
        built(tmp_path, {"y": times})
    assert built(tmp_path, {"y": times}, kinds={"y": "multiclass"}).tasks[0].classes[1].startswith("01:00:00")
