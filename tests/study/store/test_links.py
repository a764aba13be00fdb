"""Links and pipes in a run directory are refused; the directory may be a link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.store.links import refuse_links


@pytest.mark.parametrize("name", [".lock", "ledger.jsonl", "checkpoints", "optuna.journal"])
def test_a_link_is_refused_and_what_it_points_to_stays(name: str, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("dear")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).symlink_to(tmp_path / "precious")
    with pytest.raises(UserError, match=f"{name}: this is a link"):
        refuse_links(tmp_path / "run")
    assert (tmp_path / "precious").read_text() == "dear"


def test_the_run_directory_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "large disk").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "large disk")
    refuse_links(tmp_path / "run")


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ledger.jsonl")
    with pytest.raises(UserError, match="neither a file nor a folder"):
        refuse_links(tmp_path)
