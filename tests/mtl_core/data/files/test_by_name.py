"""Files are told apart by their names, without loading what reads them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mtl_core.data.files.by_name import TABLES, format_of, holds_arrays, holds_table, stem_of, suffixes
from mtl_core.data.formats import ArrayFormat


@pytest.mark.parametrize(
    ("name", "kind", "stem"),
    [
        ("shop.csv", "Csv", "shop"),
        ("SHOP.CSV.GZ", "Csv", "SHOP"),
        ("a.b.tsv.zst", "Tsv", "a.b"),
        ("x/y.jsonl.gz", "JsonLines", "y"),
        ("t.parquet", "Parquet", "t"),
        ("t.parquet.gz", None, "t.parquet"),
        ("t.db", "Sqlite", "t"),
        ("t.npz", "Npz", "t"),
        (".csv", None, ".csv"),
        ("csv", None, "csv"),
        ("t.xlsx", None, "t"),
    ],
)
def test_a_name_says_the_format(name: str, kind: str | None, stem: str) -> None:
    found = format_of(name)
    assert (None if found is None else type(found).__name__) == kind
    assert stem_of(name) == stem


def test_tables_and_arrays_are_told_apart_and_listed() -> None:
    assert holds_table("a.csv.zst")
    assert not holds_table("a.npz")
    assert holds_arrays("a.mat")
    assert {".csv.gz", ".csv.zst", ".tsv", ".jsonl", ".db", ".duckdb", ".feather"} <= set(suffixes(*TABLES))
    assert {".npz", ".npy", ".safetensors", ".mat", ".idx"} <= set(suffixes(ArrayFormat))


def test_names_are_known_before_anything_heavy_is_loaded() -> None:
    heavy = "{'torch', 'pyarrow', 'numpy', 'scipy', 'pandas'}"
    code = f"import sys, study.config.data_files as d; d.known_suffixes(); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
