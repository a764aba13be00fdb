"""Small files that unfold into large tables, and what is no file at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.records.bounded import content_of, read_part


def test_an_ordinary_table_comes_back_whole_or_by_column(tmp_path: Path) -> None:
    table = pa.table({"a": list(range(3_000)), "b": [[1.0, 2.0]] * 3_000})
    pq.write_table(table, tmp_path / "part.parquet")
    assert read_part(tmp_path / "part.parquet").equals(table)
    assert read_part(tmp_path / "part.parquet", ["b"]).equals(table.select(["b"]))
    pq.write_table(table.slice(0, 0), tmp_path / "empty.parquet")
    assert read_part(tmp_path / "empty.parquet", ["a"]).equals(table.slice(0, 0).select(["a"]))


LARGE: dict[str, Callable[[], pa.Array]] = {
    "rows": lambda: pa.nulls(20_000_000),
    "a long list": lambda: pa.ListArray.from_arrays([0, 30_000_000], pa.array(np.zeros(30_000_000))),
    "long texts": lambda: pa.array(["x" * 1_000_000] * 300),
}
"""Columns of hundreds of megabytes, each made by the test that needs it."""


@pytest.mark.parametrize("name", LARGE)
def test_what_unfolds_into_too_much_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table({"a": LARGE[name]()}), path, compression="zstd")
    assert path.stat().st_size < 100_000
    with pytest.raises(pa.ArrowInvalid, match=r"declares|unfold"):
        read_part(path)


def test_pipes_devices_and_large_files_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    (tmp_path / "large").write_bytes(b"12345")
    for name in ("pipe", "endless"):
        with pytest.raises(OSError, match="no regular file"):
            content_of(tmp_path / name)
        with pytest.raises(OSError, match="no regular file"):
            read_part(tmp_path / name)
    with pytest.raises(OSError, match="5 bytes, at most 4"):
        content_of(tmp_path / "large", 4)
