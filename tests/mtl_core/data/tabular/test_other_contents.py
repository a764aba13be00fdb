"""Files that are called CSV and are something else."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from mtl_core.tasks.table import Table
from tests.mtl_core.data.tabular.files import NUMBERS, lines, text_built

PLAIN = lines("a,b,y", *NUMBERS[:3])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (gzip.compress(PLAIN.encode()), "a compressed file"),
        (b"PK\x03\x04" + b"0" * 500, "a spreadsheet"),
        (b"PAR1" + b"0" * 500, "a Parquet file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git lfs pull"),
        (b"\n<!DOCTYPE html>\n<html>404</html>\n", "a web page"),
        (b'[{"a": 1, "y": 2}]\n', "is JSON"),
        (b'\xef\xbb\xbf{"a": 1}\n', "is JSON"),
        (PLAIN.encode("utf-32"), "encoding: utf-32"),
        (PLAIN.encode("utf-16-le"), "line 1 holds a NUL byte"),
        (PLAIN.replace("0.", "\0.").encode(), "holds a NUL byte"),
    ],
)
def test_another_kind_of_file_is_named(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(UserError) as caught:
        Table(path=tmp_path / "t.csv", targets=("y",)).build()
    assert told in f"{caught.value.found} {caught.value.remedy}"


@pytest.mark.parametrize("encoding", ["utf-32", "utf-16-le"])
def test_it_is_read_as_the_advice_says(encoding: str, tmp_path: Path) -> None:
    read = text_built(tmp_path, PLAIN, stored=encoding, encoding=encoding)
    assert read.fingerprint() == text_built(tmp_path, PLAIN).fingerprint()


def test_a_path_that_a_shell_would_have_replaced_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="are not replaced"):
        Table(path=tmp_path / "$HOME" / "t.csv", targets=("y",)).build()
