"""Columns put together at random from odd cells: read or refused, and never a defect."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from mtl_core.tasks.table import Table
from tests.hostile.formats import Columns, write_csv, write_parquet

ROWS = 60
NUMBERS = """1 01 1.0 +1 2E3 0x10 007 -1 0 9 99 -999 1e400 1e-400 inf nan NaN 12345678901234567890 9223372036854775808
0.1 .5 5. -0 1,5 1.234,5 $3 4% 1_000 true True FALSE yes No t"""
WORDS = """2024-01-31 2024-02-30 31/01/2024 2024-01-31T10:00:00Z 10:30 9999-12-31 0001-01-01 20240131 NA N/A null None ?
- . unknown a A b '"""
ODD = [
    *NUMBERS.split(),
    *WORDS.split(),
    *("", " ", " 1", "a ", "new\nline", "x" * 300, "1" * 400, "=1+1"),
    *("\u00e9", "e\u0301", "\u00a0", "\u200bx", "\u202e", "\U0001f600"),
]
KINDS = ("numeric", "boolean", "categorical", "date", "regression", "binary", "multiclass")
STEADY = np.random.default_rng(3).normal(size=(2, ROWS)).round(4)


@st.composite
def tables(draw: DrawFn) -> tuple[Columns, dict[str, Any]]:
    """A table of text, and options of its task set."""
    columns: dict[str, Any] = {"a": STEADY[0], "y_0": STEADY[1]}
    for name in ("b", "y_1", "g"):
        few = draw(st.lists(st.sampled_from(ODD), min_size=1, max_size=4))
        usual = draw(st.sampled_from([few, [str(number) for number in range(7)], ["red", "blue", "tea"]]))
        seldom = draw(st.integers(2, 20))
        sources = [usual if row % seldom else few for row in range(ROWS)]
        columns[name] = [source[row % len(source)] for row, source in enumerate(sources)]
    options: dict[str, Any] = {"groups": "g"} if draw(st.booleans()) else {}
    options |= {"test": "g"} if not options and draw(st.integers(0, 9)) == 0 else {}
    kinds = draw(st.dictionaries(st.sampled_from(["b", "y_1", "g"]), st.sampled_from(KINDS), max_size=2))
    missing = draw(st.sampled_from([(), (-999, "?"), {"b": ()}, {"b": ("01", 1), "y_1": ("unknown", -1)}]))
    return columns, options | {"kinds": kinds, "missing": missing}


@settings(max_examples=300, deadline=None)
@given(table=tables())
@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_odd_cells_are_read_or_refused(write: Any, table: tuple[Columns, dict[str, Any]]) -> None:
    columns, options = table
    with tempfile.TemporaryDirectory() as folder:
        found = _read(_written(write, Path(folder), columns), options)
    if isinstance(found, UserError):
        assert all((found.where, found.found, found.remedy))
    else:
        _is_sound(found)


def _read(path: Path, options: dict[str, Any]) -> TaskSet | UserError:
    try:
        return Table(path=path, targets=("y_*",), **options).build()
    except UserError as refusal:
        return refusal


def _written(write: Any, folder: Path, columns: Columns) -> Path:
    if write is write_parquet:
        return write_parquet(folder, columns)
    text = [",".join(columns), *(",".join(map(_quoted, map(str, row))) for row in zip(*columns.values(), strict=True))]
    (folder / "data.csv").write_text("\n".join(text) + "\n", encoding="utf-8")
    return folder / "data.csv"


def _quoted(cell: str) -> str:
    return f'"{cell}"' if set(cell) & set(',\n"') else cell


def _is_sound(task_set: TaskSet) -> None:
    for part in (task_set.development.examples, task_set.test):
        assert not part.inputs.isinf().any()
        assert not part.targets.isinf().any()
    assert len(task_set.development.examples) + len(task_set.test) == ROWS
    json.dumps([column.facts() for column in task_set.columns], allow_nan=False)
    assert all(remark.text for remark in task_set.remarks)
