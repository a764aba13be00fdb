"""The files with the records, of which some may be merged while they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.records.part_files import LOOKS, of_each_part, part_files


def test_merged_parts_come_first_and_unfinished_ones_not_at_all(tmp_path: Path) -> None:
    for name in ("0a.parquet", "ff.parquet", "merged-search.parquet", ".0b.parquet", "0c.damaged"):
        (tmp_path / name).touch()
    assert [file.stem for file in part_files(tmp_path)] == ["merged-search", "0a", "ff"]


def test_parts_that_are_merged_meanwhile_are_found_where_they_are_then(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.parquet").write_text(name)

    def read(file: Path) -> str:
        if file.stem == "b":
            (tmp_path / "merged.parquet").write_text("abc")
            for name in ("a", "b", "c"):
                (tmp_path / f"{name}.parquet").unlink()
        return file.read_text()

    assert of_each_part(tmp_path, read) == ["abc"]


def test_a_link_that_leads_nowhere_is_an_error_after_some_looks(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").symlink_to(tmp_path / "nothing")
    looks: list[Path] = []

    def read(file: Path) -> str:
        looks.append(file)
        return file.read_text()

    with pytest.raises(FileNotFoundError):
        of_each_part(tmp_path, read)
    assert len(looks) == LOOKS
