"""Small files for the tests of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from mtl_core.data.tabular.columns import Column, columns_of
from mtl_core.data.task_set import TaskSet
from mtl_core.tasks.table import Table

ROWS = 100
RANDOM = np.random.default_rng(7)
NUMBERS = RANDOM.normal(size=(4, ROWS)).round(4)


def column(values: Any, name: str = "x") -> Column:
    """A column that holds ``values``, as a table would give it."""
    return columns_of(pa.table({name: values}), "some.parquet")[name]


def built(folder: Path, columns: Mapping[str, Any], targets: Sequence[str] = ("y",), **options: Any) -> TaskSet:
    """The task set of a Parquet file with inputs a and b and target y, some of them replaced or others added."""
    whole = {"a": NUMBERS[0], "b": NUMBERS[1], "y": NUMBERS[2], **columns}
    parquet.write_table(pa.table(whole), folder / "t.parquet")
    return Table(path=folder / "t.parquet", targets=tuple(targets), **options).build()


def text_built(
    folder: Path, text: str, targets: Sequence[str] = ("y*",), stored: str = "utf-8", **options: Any
) -> TaskSet:
    """The task set of a CSV file with this content, in the encoding ``stored``."""
    (folder / "t.csv").write_bytes(text.encode(stored))
    return Table(path=folder / "t.csv", targets=tuple(targets), **options).build()


def lines(header: str, *columns: Sequence[Any]) -> str:
    """A CSV file's text."""
    return "\n".join([header, *(",".join(map(str, cells)) for cells in zip(*columns, strict=True))]) + "\n"
