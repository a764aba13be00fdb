"""The storage of jobs: durable, twice the same, and nothing outside the folders that jobs write."""

from __future__ import annotations

from pathlib import Path

import pytest

from study.store.storage import LocalStorage


def test_what_is_written_is_read_and_a_second_write_leaves_one_file(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    assert storage.read("records/a.parquet") is None
    for _ in range(2):
        storage.write("records/a.parquet", b"rows")
    assert storage.read("records/a.parquet") == b"rows"
    assert [path.name for path in (tmp_path / "records").iterdir()] == ["a.parquet"]
    storage.remove("records/a.parquet")
    storage.remove("records/a.parquet")
    assert storage.read("records/a.parquet") is None


@pytest.mark.parametrize(
    "path",
    [
        "../a.parquet",
        "/etc/a.parquet",
        "records/../ledger.parquet",
        "records/../../a.parquet",
        "records/.a.parquet",
        "records/a\0.parquet",
        "records/a.pkl",
        "ledger.jsonl",
        "other/a.parquet",
        "",
    ],
)
def test_no_other_file_is_touched(tmp_path: Path, path: str) -> None:
    storage = LocalStorage(tmp_path / "run")
    for attempt in (storage.read, storage.remove, lambda name: storage.write(name, b"")):
        with pytest.raises(PermissionError):
            attempt(path)
    assert not list(tmp_path.iterdir())
