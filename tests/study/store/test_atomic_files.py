"""Atomic writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from study.store.atomic_files import sweep, write_durably


def test_a_file_is_written_and_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_durably(path, b"old")
    write_durably(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_durably(path, b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_dead_writers_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    kept = [tmp_path / "part.parquet", tmp_path / ".lock", tmp_path / "a.tmp"]
    for path in (*kept, tmp_path / ".part.parquet.123.tmp"):
        path.touch()
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
