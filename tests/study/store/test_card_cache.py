"""Measurements kept on this machine: found again, told apart, and as good as none where they cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from study.store.card_cache import cache_folder, cached, keep

KEY = {"card": "H100", "torch": "2.13", "shape": "abc"}


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "mtl-study" / "cards"


def test_what_was_kept_is_found_under_its_key_alone(folder: Path) -> None:
    assert cached(KEY) is None
    assert keep(KEY, {"rows": 64}) == ""
    assert cached(KEY) == {"rows": 64}
    for name in KEY:
        assert cached(KEY | {name: "another"}) is None
    assert keep(KEY, {"rows": 32}) == ""
    assert cached(KEY) == {"rows": 32}
    assert cache_folder() == folder
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"value": 3}', b'{"key": {}, "value": 3}']
)
def test_a_file_that_is_torn_or_of_another_key_is_as_good_as_none(folder: Path, content: bytes) -> None:
    keep(KEY, {"rows": 64})
    (file,) = folder.iterdir()
    file.write_bytes(content)
    assert cached(KEY) is None
    assert keep(KEY, {"rows": 8}) == ""
    assert cached(KEY) == {"rows": 8}


def test_a_folder_that_cannot_be_written_is_said_and_stops_nothing(folder: Path) -> None:
    folder.parent.parent.mkdir(parents=True, exist_ok=True)
    folder.parent.write_text("a file where the folder should be")
    assert str(folder) in keep(KEY, 1)
    assert cached(KEY) is None


def test_without_a_folder_for_caches_it_is_in_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", os.sep + "home/ada")
    assert cache_folder() == Path("/home/ada/.cache/mtl-study/cards")
