"""A folder is there complete, or it is not there; what it may replace."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.driver.export.folder import refuse_another, write_folder


def nothing(folder: Path) -> None:
    assert folder.is_dir()


def test_files_and_extras_come_together_and_leftovers_of_the_dead_go(tmp_path: Path) -> None:
    (tmp_path / ".model.1.export").mkdir()
    (tmp_path / ".models.1.export").mkdir()
    out = tmp_path / "model"
    write_folder(out, {"model.json": b"{}"}, lambda folder: (folder / "model.pt2").write_bytes(b"x") and None)
    assert sorted(path.name for path in out.iterdir()) == ["model.json", "model.pt2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".models.1.export", "model"]
    write_folder(out, {"model.json": b"[]"}, nothing)
    assert [path.read_bytes() for path in out.iterdir()] == [b"[]"]


def test_only_an_export_or_nothing_is_replaced(tmp_path: Path) -> None:
    refuse_another(tmp_path / "new")
    (tmp_path / "empty").mkdir()
    refuse_another(tmp_path / "empty")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for name in ("file", "full", "link"):
        with pytest.raises(UserError, match="something else"):
            write_folder(tmp_path / name, {}, nothing)
