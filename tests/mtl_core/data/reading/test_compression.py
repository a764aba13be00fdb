"""Compressed bytes are unpacked within bounds."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from mtl_core.data.reading.compression import unpacked, without_compression
from mtl_core.errors import UserError
from tests.mtl_core.data.formats.tables import packed


def test_bytes_are_unpacked_by_the_name_of_the_file() -> None:
    for suffix, codec in ((".gz", "gzip"), (".zst", "zstd")):
        assert unpacked(Path(f"a.csv{suffix}"), packed(b"abc" * 9, codec)) == b"abc" * 9
    assert unpacked(Path("a.csv"), b"abc") == b"abc"
    assert unpacked(Path("a.gz"), gzip.compress(b"abc") + gzip.compress(b"def")) == b"abcdef"
    assert without_compression("a.csv.GZ") == "a.csv"


@pytest.mark.parametrize(("suffix", "codec"), [(".gz", "gzip"), (".zst", "zstd")])
def test_what_unpacks_to_far_more_than_it_is_is_refused(suffix: str, codec: str) -> None:
    bomb = packed(bytes(70 * 2**20), codec)
    with pytest.raises(UserError, match=r"more than 200 times its .*unpack it and name"):
        unpacked(Path(f"a.csv{suffix}"), bomb)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_other_bytes_are_refused(suffix: str) -> None:
    with pytest.raises(UserError, match="cannot be unpacked"):
        unpacked(Path(f"a.csv{suffix}"), b"no such thing")


@pytest.mark.parametrize(("suffix", "codec"), [(".gz", "gzip"), (".zst", "zstd")])
def test_bytes_that_end_too_early_are_refused(suffix: str, codec: str) -> None:
    with pytest.raises(UserError, match="cannot be unpacked"):
        unpacked(Path(f"a.csv{suffix}"), packed(bytes(range(256)) * 50, codec)[:-20])
