"""Parts: rows of declared columns, and where a merged part's rows come from.  What they refuse: test_archive.py."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.records.schema import SCORES
from study.store.merging import merge
from study.store.parts import ORIGIN, encode, has_rows, pieces_of

ROWS = [dict.fromkeys(SCORES) | {"replica": key} for key in ("one", "two", "three")]


def test_the_rows_of_a_workers_part_come_from_it(tmp_path: Path) -> None:
    (tmp_path / "0a.parquet").write_bytes(encode(ROWS, SCORES))
    (piece,) = pieces_of(tmp_path / "0a.parquet", SCORES)
    assert piece.column_names == [*SCORES, ORIGIN]
    assert piece[ORIGIN].to_pylist() == ["0a"] * 3


def test_those_of_a_merged_part_come_from_where_it_says(tmp_path: Path) -> None:
    (tmp_path / "0a.parquet").write_bytes(encode(ROWS, SCORES))
    table = pq.read_table(tmp_path / "0a.parquet").append_column(ORIGIN, pa.array(["b", "b", "c"]))
    pq.write_table(table, tmp_path / "merged.parquet", row_group_size=2)
    whole = pa.concat_tables(pieces_of(tmp_path / "merged.parquet", SCORES))
    assert whole[ORIGIN].to_pylist() == ["b", "b", "c"]


def test_a_missing_column_is_an_error_and_one_too_many_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "0a.parquet").write_bytes(encode(ROWS, SCORES))
    table = pq.read_table(tmp_path / "0a.parquet")
    pq.write_table(table.append_column("new", table["replica"]), tmp_path / "more.parquet")
    assert "new" not in next(pieces_of(tmp_path / "more.parquet", SCORES)).column_names
    pq.write_table(table.drop_columns(["replica"]), tmp_path / "less.parquet")
    with pytest.raises(KeyError, match="replica"):
        list(pieces_of(tmp_path / "less.parquet", SCORES))


@pytest.mark.parametrize("rows", [[], ROWS])
def test_a_part_says_whether_it_has_rows(tmp_path: Path, rows: list[dict[str, None]]) -> None:
    (tmp_path / "0a.parquet").write_bytes(encode(rows, SCORES))
    assert has_rows(tmp_path / "0a.parquet") is bool(rows)


@pytest.mark.parametrize("merged", [False, True])
def test_no_damaged_byte_of_a_column_yields_other_rows(tmp_path: Path, merged: bool) -> None:
    path = tmp_path / "0a.parquet"
    path.write_bytes(encode([row | {"test_loss": 0.1 * place} for place, row in enumerate(ROWS * 20)], SCORES))
    if merged:
        merge(tmp_path, "merged", ["0a"], pieces_of(path, SCORES))
        path = tmp_path / "merged.parquet"
    whole = path.read_bytes()
    (expected,) = pieces_of(path, SCORES)
    column = pq.ParquetFile(path).metadata.row_group(0).column(list(SCORES).index("test_loss"))
    start, refused = column.dictionary_page_offset, 0
    for place in range(start, start + column.total_compressed_size):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            (found,) = pieces_of(path, SCORES)
        except (pa.ArrowException, OSError):
            refused += 1
        else:  # a byte that says nothing of the rows, such as one of the statistics
            assert found.equals(expected)
    assert refused > column.total_compressed_size / 2
