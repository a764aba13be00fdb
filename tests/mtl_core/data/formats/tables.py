"""A small table, and what a task set of it has to be whatever file it is written to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from mtl_core.data.task_set import TaskSet
from mtl_core.tasks.table import Table


def small_table(rows: int = 60, seed: int = 0) -> pa.Table:
    """Two numbers, a category and two targets, one of them with missing labels."""
    draw = np.random.default_rng(seed).normal(size=(rows, 3)).round(3)
    sums = draw.sum(axis=1).round(3)
    columns: dict[str, Any] = {
        "a": draw[:, 0],
        "b": draw[:, 1],
        "c": np.where(draw[:, 2] > 0, "up", "down"),
        "y_1": [None if place % 7 == 3 else value for place, value in enumerate(sums)],
        "y_2": (draw[:, 0] > draw[:, 1]).astype(int),
    }
    return pa.table(columns)


def as_csv(table: pa.Table, delimiter: str = ",") -> bytes:
    """Return the text of a table."""
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, csv.WriteOptions(delimiter=delimiter))
    return sink.getvalue().to_pybytes()


def packed(content: bytes, codec: str) -> bytes:
    """Return compressed bytes."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def built(path: Path, **options: Any) -> TaskSet:
    """Return the task set of a file with such a table."""
    return Table(path=path, targets=("y_*",), **options).build()


def as_from_csv(folder: Path) -> str:
    """Return the fingerprint of the task set of :func:`small_table` as a CSV file."""
    (folder / "plain.csv").write_bytes(as_csv(small_table()))
    return built(folder / "plain.csv").fingerprint()
