"""SQLite: a table or a query, which reads and never writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from tests.mtl_core.data.formats.tables import as_from_csv, built, small_table


def base(path: Path, *names: str) -> Path:
    """A data base with the small table under each of ``names``."""
    table = small_table()
    with closing(sqlite3.connect(path)) as connection, connection:
        for name in names:
            connection.execute(f'CREATE TABLE "{name}" ({", ".join(table.column_names)})')
            rows = [tuple(row.values()) for row in table.to_pylist()]
            connection.executemany(f'INSERT INTO "{name}" VALUES (?, ?, ?, ?, ?)', rows)
    return path


@pytest.mark.parametrize("query", ["rows", 'SELECT * FROM "rows"', "with x as (select * from rows) select * from x"])
def test_a_table_and_a_query_are_the_table(query: str, tmp_path: Path) -> None:
    path = base(tmp_path / "t.db", "rows", "other")
    assert built(path, query=query).fingerprint() == as_from_csv(tmp_path)


def test_the_only_table_needs_no_name_and_nothing_is_written(tmp_path: Path) -> None:
    path = base(tmp_path / "it's 50% #1?.db", "only 'one' here; --")
    before = path.read_bytes()
    assert built(path).fingerprint() == as_from_csv(tmp_path)
    assert path.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} == {path.name, "plain.csv"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (None, "2 tables: 'rows', 'other'"),
        ("rowz", "neither a table"),
        ("DROP TABLE rows", "neither a table"),
        ("select * from rows; drop table rows", "SQLite says"),
        ("select never from rows", "no such column"),
        ("with x as (select 1) delete from rows", "not authorized"),
        ("select load_extension('x') from rows", "SQLite says"),
        ("select *, x'00ff' as raw from rows", "holds bytes"),
        ("select *, iif(y_2, 'a', 1) as d from rows", "text in some rows"),
    ],
)
def test_what_is_no_table_or_does_more_than_reading_is_refused(query: str | None, found: str, tmp_path: Path) -> None:
    path = base(tmp_path / "t.db", "rows", "other")
    before = path.read_bytes()
    with pytest.raises(UserError, match=found):
        built(path, query=query)
    assert path.read_bytes() == before


def test_rows_that_are_still_in_a_log_are_not_passed_over(tmp_path: Path) -> None:
    path = base(tmp_path / "t.db", "rows")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        with connection:
            connection.execute("INSERT INTO rows VALUES (1, 2, 'up', 3, 0)")
        with pytest.raises(UserError, match=r"there is t\.db-wal"):
            built(path)
    task_set = built(path)
    assert len(task_set.test) + len(task_set.development.examples) == 61


def test_no_other_file_can_be_attached(tmp_path: Path) -> None:
    path = base(tmp_path / "t.db", "rows")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE VIEW v AS SELECT * FROM rows")
    with pytest.raises(UserError, match=r"not authorized|neither a table"):
        built(path, query=f"ATTACH '{tmp_path / 'x.db'}' AS x")
    assert not (tmp_path / "x.db").exists()
    assert built(path, query="v").fingerprint() == as_from_csv(tmp_path)
