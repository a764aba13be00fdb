"""Text files that are written otherwise: read where the study file says how, answered with how to say it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_core.errors import UserError
from mtl_core.tasks.table import Table
from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, lines, text_built

CITIES = ["Köln" if number % 3 else "Bonn" for number in range(ROWS)]
PLAIN = lines("a,b,y_1,y_2", *NUMBERS[:3], CITIES)
EUROPEAN = PLAIN.replace(",", ";").replace(".", ",")


@pytest.mark.parametrize(
    ("text", "encoding", "options"),
    [
        (PLAIN, "latin-1", {"encoding": "latin-1"}),
        (PLAIN, "utf-16", {"encoding": "utf-16"}),
        (PLAIN, "utf-8-sig", {}),
        (EUROPEAN, "utf-8", {"csv": {"delimiter": ";", "decimal": ","}}),
        (EUROPEAN, "cp1252", {"csv": {"delimiter": ";", "decimal": ","}, "encoding": "cp1252"}),
        (PLAIN.replace(",", "|"), "utf-8", {"csv": {"delimiter": "|"}}),
    ],
)
def test_every_way_to_write_a_table_gives_the_same_data(
    tmp_path: Path, text: str, encoding: str, options: dict[str, Any]
) -> None:
    plain = text_built(tmp_path, PLAIN).fingerprint()
    assert text_built(tmp_path, text, stored=encoding, **options).fingerprint() == plain


@pytest.mark.parametrize(
    ("text", "written", "said"),
    [
        (PLAIN, "latin-1", "encoding: latin-1"),
        (PLAIN, "utf-16", "encoding: utf-16"),
        (EUROPEAN, "utf-8", "csv: {delimiter: ';'}"),
        (PLAIN.replace(",", "\t"), "utf-8", "delimiter: '\\t'"),
    ],
)
def test_a_file_that_is_written_otherwise_is_answered_with_the_remedy(
    tmp_path: Path, text: str, written: str, said: str
) -> None:
    (tmp_path / "t.csv").write_bytes(text.encode(written))
    with pytest.raises(UserError) as caught:
        text_of_file(tmp_path)
    assert said in caught.value.remedy


def text_of_file(folder: Path) -> None:
    """Read what stands in the folder."""
    Table(path=folder / "t.csv", targets=("y*",)).build()


def test_the_line_of_the_first_byte_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(PLAIN.replace("Köln", "Bonn", 4).encode("latin-1"))
    with pytest.raises(UserError, match="in line 9 "):
        text_of_file(tmp_path)


@pytest.mark.parametrize(
    "options", [{"csv": {"delimiter": ";;"}}, {"csv": {"decimal": ""}}, {"encoding": "klingon"}], ids=str
)
def test_a_format_that_does_not_exist_is_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="table: "):
        Table(path=tmp_path / "t.csv", targets=("y",), **options)


def test_a_file_that_may_not_be_opened_is_one_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "t.csv").write_text(PLAIN)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UserError, match="cannot be read"):
        text_of_file(tmp_path)
