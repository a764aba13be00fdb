"""DuckDB: a table or a query where the library is there, and what to install where it is not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pyarrow import parquet

from mtl_core.errors import UserError
from tests.mtl_core.data.formats.tables import as_from_csv, built, small_table


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    (tmp_path / "t.duckdb").write_bytes(b"x" * 99)
    with pytest.raises(UserError, match=r"not installed.*mtl-study\[duckdb\]"):
        built(tmp_path / "t.duckdb")


def test_a_table_and_a_query_are_the_table_and_no_other_file_is_read(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="the library is an extra, which this environment lacks")
    parquet.write_table(small_table(), tmp_path / "t.parquet")
    with duckdb.connect(str(tmp_path / "t.duckdb")) as base:
        base.execute(f"CREATE TABLE rows AS SELECT * FROM '{tmp_path / 't.parquet'}'")
    assert built(tmp_path / "t.duckdb").fingerprint() == as_from_csv(tmp_path)
    assert built(tmp_path / "t.duckdb", query="select * from rows").fingerprint() == as_from_csv(tmp_path)
    for query, found in {
        "select * from nowhere": "DuckDB says",
        f"select * from '{tmp_path / 't.parquet'}'": "DuckDB says",
        "with x as (select 1) delete from rows": "DuckDB says",
    }.items():
        with pytest.raises(UserError, match=found):
            built(tmp_path / "t.duckdb", query=query)
    (tmp_path / "bad.duckdb").write_bytes(b"x" * 5000)
    with pytest.raises(UserError, match="DuckDB says"):
        built(tmp_path / "bad.duckdb")
