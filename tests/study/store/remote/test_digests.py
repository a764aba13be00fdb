"""Digests of files, read again only when the files have changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from study.store.remote import digests
from study.store.remote.digests import Digests
from study.store.remote.files import Stored


def test_a_digest_is_read_once_for_each_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = digests.digest_of
    monkeypatch.setattr(digests, "digest_of", lambda file: read.append(file.name) or original(file))
    of = Digests(tmp_path).of
    assert of("a") is None
    (tmp_path / "a").write_bytes(b"one")
    first = of("a")
    assert first == of("a") == Stored(3, hashlib.sha256(b"one").hexdigest())
    (tmp_path / "b").write_bytes(b"two")
    os.utime(tmp_path / "b", ns=(0, (tmp_path / "a").stat().st_mtime_ns))
    os.replace(tmp_path / "b", tmp_path / "a")  # of the same size and time
    assert of("a") == Stored(3, hashlib.sha256(b"two").hexdigest())
    assert len(read) == 2


def test_an_open_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * (digests.CHUNK + 1))
    with open(tmp_path / "a", "rb") as file:
        file.read(5)
        found = Digests(tmp_path).of_open("a", file)
    assert found == Stored(digests.CHUNK + 1, hashlib.sha256(b"x" * (digests.CHUNK + 1)).hexdigest())
