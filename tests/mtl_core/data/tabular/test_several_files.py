"""Several files with the same columns are one table, as if one file held all rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from mtl_core.data.tabular.csv_format import CsvFormat
from mtl_core.data.tabular.read_columns import FileColumns, read_columns
from mtl_core.errors import UserError


def read(folder: Path, *contents: str) -> FileColumns:
    """The columns of text files with these contents."""
    paths = [folder / f"{place}.csv" for place in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(content)
    return read_columns(paths, CsvFormat(), ())


def lines(header: str, *rows: str) -> str:
    return "\n".join([header, *(rows * 20)]) + "\n"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1", "2.5"),
        ("1", "x"),
        ("01", "1"),
        ("", "7"),
        ("NA", "x"),
        ("2024-01-01", "2024-01-01 10:00:00"),
        ("2024-01-01", "x"),
        ("true", "0"),
        ("true", "false"),
    ],
)
def test_types_and_texts_are_those_of_one_file(first: str, second: str, tmp_path: Path) -> None:
    several = read(tmp_path, lines("a,b", f"{first},1"), lines(" b ,a", f"1,{second}"))
    whole = read(tmp_path, lines("a,b", f"{first},1") + "\n".join([f"{second},1"] * 20) + "\n")
    one, other = several.columns["a"], whole.columns["a"]
    assert several.num_rows == [20, 20]
    assert one.values.to_pylist() == other.values.to_pylist()
    assert one.values.type == other.values.type
    assert (one.written is None) == (other.written is None)
    if one.written is not None and other.written is not None:
        assert one.written.merged == other.written.merged


def test_stored_types_are_joined_or_refused(tmp_path: Path) -> None:
    def files(*columns: pa.Array) -> list[Path]:
        paths = [tmp_path / f"{place}.parquet" for place in range(len(columns))]
        for path, column in zip(paths, columns, strict=True):
            parquet.write_table(pa.table({"a": column, "b": pa.array([1.0] * len(column))}), path)
        return paths

    whole, parts = pa.array([1] * 20), pa.array([0.5] * 20)
    words = pa.array(["x"] * 20)
    assert read_columns(files(whole, parts), CsvFormat(), ()).columns["a"].values.type == pa.float64()
    joined = read_columns(files(words, words.dictionary_encode()), CsvFormat(), ()).columns["a"]
    assert joined.values.to_pylist() == ["x"] * 40
    with pytest.raises(UserError, match=r"1\.parquet: column 'a': holds string, and int64 in 0\.parquet"):
        read_columns(files(whole, words), CsvFormat(), ())


def test_other_columns_and_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"1\.csv: its columns .* 0\.csv: it lacks 'b'; it has 'c' beside"):
        read(tmp_path, lines("a,b", "1,2"), lines("a,c", "1,2"))
    parquet.write_table(pa.table({"a": [1] * 20}), tmp_path / "t.parquet")
    with pytest.raises(UserError, match=r"another format than 0\.csv"):
        read_columns([tmp_path / "0.csv", tmp_path / "t.parquet"], CsvFormat(), ())
    with pytest.raises(UserError, match="they have 4 rows in all"):
        read(tmp_path, "a,b\n1,2\n3,4\n", "a,b\n1,2\n3,4\n")
