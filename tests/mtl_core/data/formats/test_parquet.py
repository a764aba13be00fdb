"""Parquet files; a footer that promises too much is refused before anything is read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from mtl_core.data.reading import size_limit
from mtl_core.errors import UserError
from tests.mtl_core.data.formats.tables import as_from_csv, built, small_table


def test_it_is_the_table(tmp_path: Path) -> None:
    parquet.write_table(small_table(), tmp_path / "t.parquet")
    assert built(tmp_path / "t.parquet").fingerprint() == as_from_csv(tmp_path)


def test_a_table_beyond_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size_limit, "available_memory", lambda: 2.0**26)
    one = pa.array([0.0] * 3_000_000)
    parquet.write_table(pa.table(dict.fromkeys(("a", "y_1", "y_2"), one)), tmp_path / "t.parquet")
    assert (tmp_path / "t.parquet").stat().st_size < 100_000
    with pytest.raises(UserError, match="of memory are free"):
        built(tmp_path / "t.parquet")
