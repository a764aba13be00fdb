"""Bad inputs beside CSV and Parquet tables: exit 2, the place, the remedy, nothing written, nothing unpickled."""

from __future__ import annotations

import gzip
import io as memory
import json
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import feather, parquet
from scipy import io

from mtl_core.data.reading import size_limit
from tests.mtl_core.data.formats.tables import as_csv, packed, small_table
from tests.mtl_core.data.formats.test_idx import idx
from tests.mtl_core.data.formats.test_npz import _header
from tests.study.refused import refused

CSV = as_csv(small_table())
GZ, ZST = packed(CSV, "gzip"), packed(CSV, "zstd")
ROWS = small_table().to_pylist()
NUMBERS, HALVES = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2
ZEROS = bytes(70 * 2**20)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "duckdb", None)


class Planted:
    """Writes a file when it is unpickled, which :func:`refused` would find."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (Path("unpickled.txt"), "code of the file has run")


def lines(rows: list[Any]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def base(*statements: str) -> bytes:
    """The bytes of a SQLite data base after some statements."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        return connection.serialize()


def filled(name: str, values: str = "n, n * 0.5, n % 2, n % 3", columns: str = "a, b, y_1, y_2") -> list[str]:
    rows = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 60)"
    return [f"CREATE TABLE {name} ({columns})", f"INSERT INTO {name} {rows} SELECT {values} FROM c"]


def written(write: Callable[..., Any], held: pa.Table) -> bytes:
    """The bytes that a writer of files writes."""
    sink = pa.BufferOutputStream()
    write(held, sink)
    return sink.getvalue().to_pybytes()


def npz(**arrays: Any) -> bytes:
    sink = memory.BytesIO()
    np.savez(sink, **arrays)
    return sink.getvalue()


def archive(member: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    sink = memory.BytesIO()
    with zipfile.ZipFile(sink, "w", compression) as file:
        file.writestr("x.npy", member)
    return sink.getvalue()


def pickled() -> bytes:
    sink = memory.BytesIO()
    np.save(sink, np.array([Planted()], dtype=object), allow_pickle=True)
    return sink.getvalue()


def torch_file() -> bytes:
    sink = memory.BytesIO()
    torch.save({"x": Planted()}, sink)
    return sink.getvalue()


def mat(**arrays: Any) -> bytes:
    sink = memory.BytesIO()
    io.savemat(sink, arrays)
    return sink.getvalue()


def table(*names: str, seed: int = 0, **changed: Any) -> bytes:
    """The small table as CSV with some of its columns, and with columns that are changed."""
    whole = small_table(60, seed)
    columns = {name: whole.column(name) for name in names or whole.column_names}
    return as_csv(pa.table(columns | changed))


FEATHER, PARQUET = written(feather.write_feather, small_table()), written(parquet.write_table, small_table())
ARRAYS = {"x": NUMBERS, "y_a": HALVES, "y_b": NUMBERS[:, 0]}
GROUPED = {"g": [str(number) for number in range(60)]}
TWO_TABLES = base(*filled("one"), *filled("two"))
ONE_TABLE = base(*filled("one"))
TARGETS = ["--targets", "y_*"]

Case = tuple[dict[str, bytes], list[str], str]
CASES: dict[str, Case] = {
    # name: (files, arguments behind check, what the refusal has to name)
    "gz: another content": ({"t.csv.gz": CSV}, ["t.csv.gz", *TARGETS], "cannot be unpacked"),
    "gz: truncated": ({"t.csv.gz": GZ[:-30]}, ["t.csv.gz", *TARGETS], "cannot be unpacked"),
    "gz: bomb": ({"t.csv.gz": gzip.compress(ZEROS, 1)}, ["t.csv.gz", *TARGETS], "more than 200 times"),
    "gz: of nothing": ({"t.csv.gz": gzip.compress(b"")}, ["t.csv.gz", *TARGETS], "t.csv.gz"),
    "gz: twice": ({"t.csv.gz": gzip.compress(GZ)}, ["t.csv.gz", *TARGETS], "a compressed file"),
    "gz: of Parquet": ({"t.csv.gz": gzip.compress(PARQUET)}, ["t.csv.gz", *TARGETS], "is a Parquet file"),
    "gz: of Parquet by name": (
        {"t.parquet.gz": gzip.compress(PARQUET)},
        ["t.parquet.gz", *TARGETS],
        "nothing reads .gz",
    ),
    "zst: another content": ({"t.csv.zst": CSV}, ["t.csv.zst", *TARGETS], "cannot be unpacked"),
    "zst: truncated": ({"t.csv.zst": ZST[:-30]}, ["t.csv.zst", *TARGETS], "cannot be unpacked"),
    "zst: bomb": ({"t.csv.zst": packed(ZEROS, "zstd")}, ["t.csv.zst", *TARGETS], "more than 200 times"),
    "bz2": ({"t.csv.bz2": CSV}, ["t.csv.bz2", *TARGETS], "nothing reads .bz2"),
    "tsv: commas": ({"t.tsv": CSV}, ["t.tsv", *TARGETS], "separates its columns by ','"),
    "tsv: ragged": ({"t.tsv": b"a\ty_1\ty_2\n" + b"1\t2\t3\n" * 40 + b"1\t2\n"}, ["t.tsv", *TARGETS], "line 42"),
    "jsonl: no JSON": ({"t.jsonl": CSV}, ["t.jsonl", *TARGETS], "cannot be read as .jsonl"),
    "jsonl: lists": ({"t.jsonl": lines([[1, 2, 3]] * 60)}, ["t.jsonl", *TARGETS], "cannot be read as .jsonl"),
    "jsonl: one list": ({"t.jsonl": json.dumps(ROWS).encode()}, ["t.jsonl", *TARGETS], "cannot be read as .jsonl"),
    "jsonl: truncated": ({"t.jsonl": lines(ROWS)[:-9]}, ["t.jsonl", *TARGETS], "cannot be read as .jsonl"),
    "jsonl: two types": ({"t.jsonl": lines([*ROWS, {"a": "x"}])}, ["t.jsonl", *TARGETS], "cannot be read as .jsonl"),
    "jsonl: objects in it": ({"t.jsonl": lines([row | {"c": {"d": 1}} for row in ROWS])}, ["t.jsonl", *TARGETS], "'c'"),
    "jsonl: blank": ({"t.jsonl": b"\n" * 60}, ["t.jsonl", *TARGETS], "t.jsonl"),
    "jsonl: deep": ({"t.jsonl": b"[" * 100_000}, ["t.jsonl", *TARGETS], "t.jsonl"),
    "jsonl: not UTF-8": ({"t.jsonl": lines(ROWS).replace(b"down", b"d\xffwn")}, ["t.jsonl", *TARGETS], "t.jsonl"),
    "jsonl: few": ({"t.jsonl": lines(ROWS[:5])}, ["t.jsonl", *TARGETS], "5 rows"),
    "jsonl: bomb": ({"t.jsonl.gz": gzip.compress(ZEROS, 1)}, ["t.jsonl.gz", *TARGETS], "more than 200 times"),
    "db: another content": ({"t.db": CSV}, ["t.db", *TARGETS], "SQLite says: file is not a database"),
    "db: truncated": ({"t.db": ONE_TABLE[:4096]}, ["t.db", *TARGETS], "SQLite says"),
    "db: two tables": ({"t.db": TWO_TABLES}, ["t.db", *TARGETS], "2 tables: 'one', 'two'"),
    "db: no table": ({"t.db": base("CREATE TABLE one (a)", "DROP TABLE one")}, ["t.db", *TARGETS], "0 tables: none"),
    "db: no such table": ({"t.db": ONE_TABLE}, ["t.db", *TARGETS, "--query", "three"], "neither a table"),
    "db: drop": ({"t.db": ONE_TABLE}, ["t.db", *TARGETS, "--query", "DROP TABLE one"], "neither a table"),
    "db: two statements": (
        {"t.db": ONE_TABLE},
        ["t.db", *TARGETS, "--query", "SELECT * FROM one; DELETE FROM one"],
        "SQLite says",
    ),
    "db: delete": (
        {"t.db": ONE_TABLE},
        ["t.db", *TARGETS, "--query", "WITH c AS (SELECT 1) DELETE FROM one"],
        "not authorized",
    ),
    "db: no column": ({"t.db": ONE_TABLE}, ["t.db", *TARGETS, "--query", "SELECT z FROM one"], "no such column"),
    "db: bytes": ({"t.db": base(*filled("one", "n, x'00', 1, 2"))}, ["t.db", *TARGETS], "holds bytes"),
    "db: two types": (
        {"t.db": base(*filled("one", "n, iif(n>9,'x',1), 1, 2"))},
        ["t.db", *TARGETS],
        "text in",
    ),
    "db: a column twice": (
        {"t.db": ONE_TABLE},
        ["t.db", *TARGETS, "--query", "SELECT *, a FROM one"],
        "is there twice",
    ),
    "db: few rows": ({"t.db": ONE_TABLE}, ["t.db", *TARGETS, "--query", "SELECT * FROM one LIMIT 3"], "3 rows"),
    "query of a CSV file": ({"t.csv": CSV}, ["t.csv", *TARGETS, "--query", "SELECT 1"], "is no data base"),
    "duckdb: not installed": ({"t.duckdb": CSV}, ["t.duckdb", *TARGETS], "not installed"),
    "feather: truncated": ({"t.feather": FEATHER[:-50]}, ["t.feather", *TARGETS], "cannot be read as .feather"),
    "feather: another content": ({"t.feather": GZ}, ["t.feather", *TARGETS], "cannot be read as .feather"),
    "folder: one table": ({"d/a.csv": CSV}, ["d", *TARGETS], "holds a single table"),
    "folder: nothing": ({"d/a.txt": CSV}, ["d", *TARGETS], "directory without data"),
    "folder: two formats": ({"d/a.csv": CSV, "d/b.parquet": PARQUET}, ["d", *TARGETS], "several formats"),
    "folder: other columns": (
        {"d/a.csv": table("a", "b", "y_1"), "d/b.csv": table("a", "y_1")},
        ["d", *TARGETS],
        "it lacks 'b'",
    ),
    "folder: one name twice": ({"d/a.csv": CSV, "d/a.csv.gz": GZ}, ["d", *TARGETS], "are called 'a'"),
    "folder: two targets": ({"d/a.csv": CSV, "d/b.csv": CSV}, ["d", *TARGETS], "2 are named"),
    "folder: a column task": (
        {f"d/{name}.csv": table("a", "b", "y_1", task=["x"] * 60) for name in "ab"},
        ["d", *TARGETS],
        "is to hold the names of the files",
    ),
    "folder: another task column": (
        {f"d/{name}.csv": table("a", "b", "y_1") for name in "ab"},
        ["d", *TARGETS, "--task", "b"],
        "a task already",
    ),
    "folder: tables and arrays": ({"d/a.csv": CSV, "d/b.npz": b""}, ["d", *TARGETS], "tables and arrays"),
    "test: no such file": ({"t.csv": CSV}, ["t.csv", *TARGETS, "--test", "test.csv"], "there is no such file"),
    "test: no labels": (
        {"t.csv": CSV, "test.csv": table("a", "b", "c", "y_1")},
        ["t.csv", *TARGETS, "--test", "test.csv"],
        "it lacks 'y_2'",
    ),
    "test: the same file": ({"t.csv": CSV}, ["t.csv", *TARGETS, "--test", "t.csv"], "develop and to test"),
    "test: another format": (
        {"t.csv": CSV, "t.parquet": PARQUET},
        ["t.csv", *TARGETS, "--test", "t.parquet"],
        "another format",
    ),
    "test: a folder": ({"t.csv": CSV, "d/a.csv": CSV}, ["t.csv", *TARGETS, "--test", "d"], "Name a file"),
    "test: groups on both sides": (
        {"t.csv": table(**GROUPED), "test.csv": table(**GROUPED)},
        ["t.csv", *TARGETS, "--test", "test.csv", "--groups", "g"],
        "splits 60 groups",
    ),
    "test: another type": (
        {
            "t.parquet": PARQUET,
            "v.parquet": written(parquet.write_table, small_table().set_column(0, "a", pa.array(["x"] * 60))),
        },
        ["t.parquet", *TARGETS, "--test", "v.parquet"],
        "holds string, and double",
    ),
    "test: outer folds": (
        {"t.csv": CSV, "test.csv": table(seed=1)},
        ["t.csv", *TARGETS, "--test", "test.csv", "--set", "evaluation.design=cross_fit"],
        "is no random draw",
    ),
    "validation: no test": (
        {"t.csv": CSV, "v.csv": CSV},
        ["t.csv", *TARGETS, "--validation", "v.csv"],
        "none to test on",
    ),
    "validation: no labels": (
        {"t.csv": CSV, "test.csv": table(seed=1), "v.csv": table(seed=2, y_1=[None] * 60)},
        ["t.csv", *TARGETS, "--test", "test.csv", "--validation", "v.csv"],
        "'y_1' has no label in the rows to validate on",
    ),
    "npz: pickle": ({"t.npz": archive(pickled())}, ["t.npz"], "unpickling"),
    "npy: pickle": ({"d/x.npy": pickled(), "d/y_a.npy": b"\x93NUMPY"}, ["d"], "unpickling"),
    "npz: claims": ({"t.npz": archive(_header((10**12,)))}, ["t.npz"], "its header says"),
    "npz: bomb": (
        {"t.npz": archive(_header((9_000_000,)) + ZEROS, zipfile.ZIP_DEFLATED)},
        ["t.npz"],
        "more than 200 times",
    ),
    "npz: another content": ({"t.npz": CSV}, ["t.npz"], "cannot be read as .npz"),
    "npz: truncated": ({"t.npz": npz(**ARRAYS)[:-200]}, ["t.npz"], "t.npz"),
    "npz: no inputs": ({"t.npz": npz(data=NUMBERS, y_a=HALVES)}, ["t.npz"], "no inputs"),
    "npz: no targets": ({"t.npz": npz(x=NUMBERS, labels=HALVES)}, ["t.npz"], "no targets"),
    "npz: one target": ({"t.npz": npz(x=NUMBERS, y_a=HALVES)}, ["t.npz"], "there is one task"),
    "npz: lengths": ({"t.npz": npz(**(ARRAYS | {"y_a": HALVES[1:]}))}, ["t.npz"], "60 examples"),
    "npz: infinite": ({"t.npz": npz(**(ARRAYS | {"x": NUMBERS * np.inf}))}, ["t.npz"], "inf"),
    "npz: words": ({"t.npz": npz(**(ARRAYS | {"x": np.full((60, 2), "w")}))}, ["t.npz"], "values of type"),
    "npz: no such target": ({"t.npz": npz(**ARRAYS)}, ["t.npz", "--targets", "z*"], "'z*'"),
    "npz: no such key": ({"t.npz": npz(**ARRAYS)}, ["t.npz", "--groups", "g"], "no such option"),
    "safetensors: another content": ({"t.safetensors": torch_file()}, ["t.safetensors"], "cannot be read"),
    "idx: another content": ({"d/x.idx": CSV, "d/y_a.idx": idx(np.zeros(60, "u1"))}, ["d"], "does not begin"),
    "idx: too short": ({"d/x.idx": idx(np.zeros((60, 3), "u1"))[:-1]}, ["d"], "its header says 180 bytes"),
    "idx: alone": (
        {"train-images-idx3-ubyte": idx(np.zeros((60, 3, 3), "u1"))},
        ["train-images-idx3-ubyte"],
        "no targets",
    ),
    "idx: bomb": ({"d/x.idx.gz": gzip.compress(ZEROS, 1)}, ["d"], "more than 200 times"),
    "mat: 7.3": ({"t.mat": b"MATLAB 7.3".ljust(124) + b"\x00\x02IM" + bytes(99)}, ["t.mat"], "version 7.3"),
    "mat: another content": ({"t.mat": GZ}, ["t.mat"], "cannot be read as .mat"),
    "mat: cells": ({"t.mat": mat(x=np.array([{"a": 1}] * 60, dtype=object), y_a=HALVES)}, ["t.mat"], "t.mat"),
    "data set: no module": ({}, ["no_such_module:rows"], "cannot be imported"),
}


@pytest.mark.parametrize(("files", "arguments", "named"), CASES.values(), ids=CASES.keys())
def test_a_bad_input_is_refused(files: dict[str, bytes], arguments: list[str], named: str, tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    said = refused(["check", *arguments], tmp_path, *{name.split("/")[0] for name in files if "/" in name})
    assert named in f"{said['where']} {said['found']} {said['do']}"


def test_a_footer_that_promises_more_than_memory_holds_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(size_limit, "available_memory", lambda: 2.0**26)
    columns = {name: pa.array(np.zeros(3_000_000)) for name in ("a", "y_1", "y_2")}
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    assert "of memory are free" in refused(["check", "t.parquet", *TARGETS], tmp_path)["found"]


def test_there_are_sixty_of_them() -> None:
    assert len(CASES) >= 60
