"""The bytes of a text file are read once, and whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mtl_core.data.tabular.csv_format import CsvFormat
from mtl_core.data.tabular.text_file import text_file
from mtl_core.errors import UserError
from tests.mtl_core.data.tabular.files import NUMBERS, lines, text_built

PLAIN = lines("a,b,y", *NUMBERS[:3])


def test_later_looks_see_the_bytes_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n01,2\n1,3\n")
    file = text_file(tmp_path / "t.csv", CsvFormat(), {})
    assert file.table().column("a").to_pylist() == [1, 1]
    (tmp_path / "t.csv").write_text("a,b\n5,2\n6,3\n7,3\n")
    assert file.texts(["a"]).column("a").to_pylist() == ["01", "1"]


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.csv"
    path.write_text(PLAIN)
    before = Path.open

    def open_and_append(self: Path, *arguments: Any, **options: Any) -> Any:
        opened = before(self, *arguments, **options)
        with before(path, "a") as other:
            other.write("1,2,3\n")
        return opened

    monkeypatch.setattr(Path, "open", open_and_append)
    with pytest.raises(UserError, match="changed while it was read"):
        text_file(path, CsvFormat(), {})


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_lines_may_end_as_they_like(ending: str, tmp_path: Path) -> None:
    plain = text_built(tmp_path, PLAIN).fingerprint()
    assert text_built(tmp_path, PLAIN.replace("\n", ending)).fingerprint() == plain
    assert text_built(tmp_path, PLAIN.rstrip("\n").replace("\n", ending)).fingerprint() == plain


def test_a_file_in_another_encoding_than_said_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not written in ascii"):
        text_built(tmp_path, PLAIN.replace("b,", "ö,"), encoding="ascii")


def test_a_mark_in_a_comment_separates_no_columns(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"line 1 .* has 1 column"):
        text_built(tmp_path, f"# x; y; z\n{PLAIN}")


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(UserError, match="no such file"):
        text_file_of(tmp_path)


def text_file_of(folder: Path) -> None:
    from mtl_core.tasks.table import Table

    Table(path=folder / "t.csv", targets=("y",)).build()
