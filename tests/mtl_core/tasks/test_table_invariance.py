"""What a network sees of a table does not depend on how the same facts are written down."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import csv, feather, parquet

from mtl_core.data.preprocessing import prepare
from mtl_core.data.task_set import TaskSet
from mtl_core.tasks.table import Table

EXAMPLES = int(os.environ.get("MTL_STUDY_EXAMPLES", "40"))
thoroughly = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
N = 80
RANDOM = np.random.default_rng(5)
PLAIN: dict[str, Any] = {
    "size": RANDOM.integers(-500, 500, N) / 8,  # short in binary and in decimal: exact in every type and unit
    "count": RANDOM.integers(0, 40, N),
    "colour": RANDOM.choice(["red", "green", "blue"], N),
    "y_price": RANDOM.integers(-4000, 4000, N) / 8,
    "y_kind": RANDOM.choice(["a", "b", "c"], N),
    "fold": np.arange(N) % 5 == 0,
}
NUMBERS = ("size", "y_price")
WRITERS: dict[str, Callable[..., Any]] = {
    ".csv": csv.write_csv,
    ".parquet": parquet.write_table,
    ".arrow": feather.write_feather,
}


def written(folder: Path, columns: Mapping[str, Any], suffix: str = ".parquet", **options: Any) -> TaskSet:
    """The task set of a file with ``columns``."""
    path = folder / f"t{suffix}"
    WRITERS[suffix](pa.table(dict(columns)), path)
    return Table(path=path, targets=("y_*",), test="fold", **options).build()


def seen(task_set: TaskSet) -> tuple[torch.Tensor, torch.Tensor]:
    """Standardised inputs and targets of the pool, as a network sees them in training, seed 0."""
    development = task_set.development
    fitted = prepare(development, 0)
    inputs = (development.examples.inputs - fitted.input_shift) * fitted.input_scale
    return inputs, (development.examples.targets - fitted.target_shift) * fitted.target_scale


def assert_alike(one: TaskSet, other: TaskSet, tolerance: float = 1e-4) -> None:
    """The same tasks, and inputs and targets that agree in every row."""
    assert [(task.kind, task.metric, task.classes) for task in one.tasks] == [
        (task.kind, task.metric, task.classes) for task in other.tasks
    ]
    for mine, yours in zip(seen(one), seen(other), strict=True):
        assert torch.allclose(mine, yours, atol=tolerance, equal_nan=True)


@thoroughly
@given(name=st.sampled_from(NUMBERS), power=st.integers(-12, 12))
def test_units(tmp_path: Path, name: str, power: int) -> None:
    assert_alike(written(tmp_path, PLAIN), written(tmp_path, PLAIN | {name: PLAIN[name] * 10.0**power}))


@thoroughly
@given(name=st.sampled_from(NUMBERS), sign=st.sampled_from([-1, 1]), power=st.floats(0, 12))
def test_offsets(tmp_path: Path, name: str, sign: int, power: float) -> None:
    offset = sign * np.round(10**power * PLAIN[name].std())
    assert_alike(written(tmp_path, PLAIN), written(tmp_path, PLAIN | {name: PLAIN[name] + offset}), tolerance=5e-3)


@thoroughly
@given(
    names=st.lists(
        st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8).map(str.strip).filter(bool),
        min_size=3,
        max_size=3,
        unique=True,
    )
)
def test_names_of_columns(tmp_path: Path, names: list[str]) -> None:
    new = dict(zip(("size", "count", "colour"), (f"x {name}" for name in names), strict=True))
    assert_alike(written(tmp_path, PLAIN), written(tmp_path, {new.get(name, name): v for name, v in PLAIN.items()}))


@thoroughly
@given(order=st.permutations(range(N)))
def test_the_order_of_rows(tmp_path: Path, order: list[int]) -> None:
    one, other = written(tmp_path, PLAIN), written(tmp_path, {name: v[order] for name, v in PLAIN.items()})
    assert one.tasks == other.tasks
    for mine, yours in ((one.development, other.development), (one.test, other.test)):
        examples = [part if part is one.test or part is other.test else part.examples for part in (mine, yours)]
        rows = [torch.cat([part.inputs, part.targets], dim=1).tolist() for part in examples]
        assert sorted(rows[0]) == sorted(rows[1])


STORED: dict[str, list[pa.DataType]] = {
    "size": [pa.float64(), pa.float32()],
    "count": [pa.int8(), pa.int64(), pa.uint16(), pa.float32(), pa.float64(), pa.decimal128(20, 1)],
    "colour": [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())],
    "y_price": [pa.float64(), pa.float32()],
    "y_kind": [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())],
}


@thoroughly
@given(data=st.data(), suffix=st.sampled_from(list(WRITERS)))
def test_storage_types_and_formats(tmp_path: Path, data: st.DataObject, suffix: str) -> None:
    stored = {name: data.draw(st.sampled_from(types)) for name, types in STORED.items()}
    if suffix == ".csv":
        stored = {name: type_.value_type if pa.types.is_dictionary(type_) else type_ for name, type_ in stored.items()}
    columns = {name: pa.array(values) for name, values in PLAIN.items()}
    columns |= {name: columns[name].cast(type_) for name, type_ in stored.items()}
    assert written(tmp_path, columns, suffix).fingerprint() == written(tmp_path, PLAIN).fingerprint()


@pytest.mark.parametrize("name", ["count", "size"])
def test_digits_in_text_that_are_declared_numbers(tmp_path: Path, name: str) -> None:
    text = PLAIN | {name: [f"{value:g}" for value in PLAIN[name]]}
    plain = written(tmp_path, PLAIN).fingerprint()
    assert written(tmp_path, text, kinds={name: "numeric"}).fingerprint() == plain


@pytest.mark.parametrize("stored", [pa.int64(), pa.float32(), pa.float64(), pa.string()], ids=str)
def test_classes_that_are_numbers(tmp_path: Path, stored: pa.DataType) -> None:
    codes = pa.array(1_000_000 + np.arange(N) * 7 % 4)
    plain = written(tmp_path, PLAIN | {"y_kind": codes}, kinds={"y_kind": "multiclass"})
    other = written(tmp_path, PLAIN | {"y_kind": codes.cast(stored)}, kinds={"y_kind": "multiclass"})
    assert plain.fingerprint() == other.fingerprint()
