"""Codes for missing: declared ones are missing, undeclared ones are remarked upon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.missing_codes import codes_held, without_codes
from mtl_core.errors import UserError
from mtl_core.tasks.arrays import Arrays
from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, built, lines, text_built

HOLES = np.arange(ROWS) % 9 == 0
CODED = np.where(HOLES, -999.0, NUMBERS[0])


@pytest.mark.parametrize("missing", [(-999,), {"a": (-999,)}, {"a": ("-999",)}], ids=str)
def test_a_declared_code_is_missing_in_numbers(tmp_path: Path, missing: Any) -> None:
    coded, empty = {"a": CODED}, {"a": [None if hole else x for hole, x in zip(HOLES, NUMBERS[0], strict=True)]}
    assert built(tmp_path, coded, missing=missing).fingerprint() == built(tmp_path, empty).fingerprint()


@pytest.mark.parametrize(
    ("stored", "code"),
    [(pa.float64(), -999.9), (pa.float32(), -999.9), (pa.float16(), -99.9), (pa.decimal128(9, 3), -99.99)],
    ids=str,
)
def test_a_declared_code_is_found_in_the_precision_that_a_column_is_stored_in(stored: pa.DataType, code: float) -> None:
    values = pa.chunked_array([pa.array([code, 1.5, None]).cast(stored, safe=False)])
    column = Column("a", "t: column 'a'", values)
    assert without_codes(column, [code]).is_present.tolist() == [False, True, False]
    assert codes_held(column, [code, -9.0]) == [code]


@pytest.mark.parametrize(
    "stored",
    [pa.list_(pa.float32()), pa.list_(pa.float64(), 2), pa.large_list(pa.float64()), pa.list_(pa.int16())],
    ids=str,
)
def test_a_list_that_holds_a_declared_code_is_missing(stored: pa.DataType) -> None:
    code = -99 if stored == pa.list_(pa.int16()) else -99.9
    lists: list[Any] = [[1, 2], None, [3, code], [4, None], [code, code], [5, 6]]
    values = pa.chunked_array([pa.array(lists, stored), pa.array(lists[::-1], stored)])
    column = Column("v", "t: column 'v'", values)
    expected = [True, False, False, True, False, True]
    assert without_codes(column, [code]).is_present.tolist() == expected + expected[::-1]
    assert codes_held(column, [code, -1.0]) == [code]
    words = Column("w", "t: column 'w'", pa.chunked_array([pa.array([["-99"], ["b"]])]))
    assert without_codes(words, [-99]).is_present.all(), "labels are no numbers"


def test_a_code_of_arrays_is_missing_in_vectors(tmp_path: Path) -> None:
    vectors = np.stack([NUMBERS[0], CODED], axis=1)
    np.savez(tmp_path / "t.npz", x=NUMBERS[1:3].T, y_v=vectors)
    task_set = Arrays(path=tmp_path / "t.npz", missing=(-999,)).build()
    targets = torch.cat([task_set.development.examples.targets, task_set.test.targets])
    assert int(targets.isnan().any(dim=1).sum()) == HOLES.sum()
    assert targets.nan_to_num(0.0).min() > -10


def test_a_declared_code_is_missing_in_text_and_in_targets(tmp_path: Path) -> None:
    words = ["unknown" if hole else "red" if x > 0 else "blue" for hole, x in zip(HOLES, NUMBERS[0], strict=True)]
    task_set = built(tmp_path, {"y": words}, missing=("unknown",))
    assert task_set.tasks[0].classes == ("blue", "red")
    parts = (task_set.development.examples, task_set.test)
    assert sum(int(part.targets.isnan().sum()) for part in parts) == HOLES.sum()


def test_a_code_of_one_column_is_a_value_in_others(tmp_path: Path) -> None:
    task_set = built(tmp_path, {"a": CODED, "b": CODED[::-1]}, missing={"a": (-999,)})
    assert not task_set.development.examples.inputs[:, 2].isnan().any()


def test_a_code_for_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="missing"):
        built(tmp_path, {}, missing={"c": (1,)})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (CODED, "missing: {a: [-999]}"),
        (np.where(HOLES, 9999, np.arange(ROWS) * 7 % 31), "missing: {a: [9999]}"),
        (np.where(HOLES, -1, np.arange(ROWS) % 2), "missing: {a: [-1]}"),
        (np.where(np.arange(ROWS) == 4, 1e9, NUMBERS[0]), "in row 5"),
    ],
)
@pytest.mark.parametrize("role", ["input", "target"])
def test_what_looks_like_a_code_is_remarked_upon(tmp_path: Path, values: np.ndarray, said: str, role: str) -> None:
    name = "a" if role == "input" else "y"
    remarks = built(tmp_path, {name: values}, kinds={} if role == "input" else {"y": "regression"}).remarks
    assert any(said.replace("{a:", f"{{{name}:") in remark.text for remark in remarks), remarks


@pytest.mark.parametrize(
    "values",
    [NUMBERS[0], np.where(HOLES, 99, 20 + np.arange(ROWS) % 61), np.arange(ROWS) % 3 - 2.5],
    ids=["normal", "ages", "three"],
)
def test_ordinary_extremes_are_not(tmp_path: Path, values: np.ndarray) -> None:
    assert not any(
        "missing:" in remark.text or "away" in remark.text for remark in built(tmp_path, {"a": values}).remarks
    )


REGIONS = ["NA" if number % 5 < 2 else "EU" if number % 5 < 4 else "AS" for number in range(ROWS)]


def test_a_class_that_is_called_na_is_said_to_be_missing_and_read_where_asked(tmp_path: Path) -> None:
    text = lines("a,b,y", NUMBERS[0], NUMBERS[1], REGIONS)
    unasked = text_built(tmp_path, text)
    assert unasked.tasks[0].classes == ("AS", "EU")
    assert any("'NA' (40)" in remark.text and "missing: {y: []}" in remark.text for remark in unasked.remarks)
    asked = text_built(tmp_path, text, missing={"y": ()})
    assert asked.tasks[0].classes == ("AS", "EU", "NA")
    assert not any("NA" in remark.text for remark in asked.remarks)


def test_a_refusal_for_want_of_classes_names_the_word_that_was_read_as_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'NA' \(40\)"):
        text_built(
            tmp_path, lines("a,b,y", NUMBERS[0], NUMBERS[1], ["EU" if word == "AS" else word for word in REGIONS])
        )


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (np.where(HOLES, -999, np.where(np.arange(ROWS) % 10 == 5, -998, np.arange(ROWS) % 7)), ["-999", "-998"]),
        (np.where(HOLES, -999, np.where(np.arange(ROWS) % 10 == 5, 9999, NUMBERS[0])), ["-999", "9999"]),
        (np.where(HOLES, 65535, np.arange(ROWS) % 50), ["65535"]),
        (np.where(HOLES, -128, np.arange(ROWS) % 50).astype(np.int8), ["-128"]),
    ],
)
def test_several_codes_hide_none_of_them(values: np.ndarray, codes: list[str], tmp_path: Path) -> None:
    remarks = [remark.text for remark in built(tmp_path, {"a": values}).remarks if remark.kind == "missing_code"]
    assert len(remarks) == len(codes)
    assert all(any(f"missing: {{a: [{code}]}}" in text for text in remarks) for code in codes)


@pytest.mark.parametrize("classes", [(-1, 0, 1), (0, 1, 9), (1, 2, 255)])
def test_a_code_among_classes_is_said(classes: tuple[int, ...], tmp_path: Path) -> None:
    code = max(classes, key=lambda value: abs(value - 0.5))
    remarks = built(tmp_path, {"y": np.array(classes)[np.arange(ROWS) % 3]}).remarks
    assert any(f"missing: {{y: [{code}]}}" in remark.text for remark in remarks)


def test_a_date_that_stands_for_missing_is_said_and_read_as_the_advice_says(tmp_path: Path) -> None:
    days = np.datetime64("2024-01-01") + np.arange(ROWS) % 60
    coded = np.where(HOLES, np.datetime64("9999-12-31"), days)
    (remark,) = (one for one in built(tmp_path, {"a": coded}).remarks if one.kind == "missing_code")
    assert "missing: {a: ['9999-12-31']}" in remark.text
    read = built(tmp_path, {"a": coded}, missing={"a": ("9999-12-31",)})
    text = lines("a,b,y", coded, *NUMBERS[1:3])
    assert text_built(tmp_path, text, missing={"a": ("9999-12-31",)}).fingerprint() == read.fingerprint()
    empty = built(tmp_path, {"a": np.where(HOLES, np.datetime64("NaT"), days)})
    assert read.fingerprint() == empty.fingerprint()


@pytest.mark.parametrize("code", [1e20, -3.4028234663852886e38, float(-(2**63))])
def test_a_code_beyond_sound_numbers_is_refused_with_how_to_declare_it(code: float, tmp_path: Path) -> None:
    coded = np.where(HOLES, code, NUMBERS[0])
    with pytest.raises(UserError) as caught:
        built(tmp_path, {"a": coded})
    assert f"missing: {{a: [{code}]}}" in caught.value.remedy
    empty = {"a": [None if hole else x for hole, x in zip(HOLES, NUMBERS[0], strict=True)]}
    read = built(tmp_path, {"a": coded}, missing={"a": (code,)})
    assert read.fingerprint() == built(tmp_path, empty).fingerprint()
