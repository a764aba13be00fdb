"""The scratch folder goes with its driver, at the latest when the next one comes."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.store import scratch
from study.store.scratch import NOTE, scratch_named_in, scratch_of


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Temporary folders of the test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(scratch, "LONGEST_BASE", 1000)
    return folder


def test_it_is_gone_at_the_end_and_after_an_error(tmp_path: Path, temporary: Path) -> None:
    with scratch_of(tmp_path) as folder:
        (folder / "file").touch()
    with pytest.raises(ZeroDivisionError), scratch_of(tmp_path):
        raise ZeroDivisionError
    assert not list(temporary.iterdir())
    assert not (tmp_path / NOTE).exists()


def test_what_a_killed_driver_left_is_swept(tmp_path: Path, temporary: Path) -> None:
    left = temporary / "mtl-study-abc"
    (left / "ray").mkdir(parents=True)
    (tmp_path / NOTE).write_text(f"{socket.gethostname()}\n{left}\n")
    with scratch_of(tmp_path):
        assert not left.exists()


@pytest.mark.parametrize("name", ["elsewhere/mtl-study-abc", "temporary/photos", "temporary/mtl-study-a/../photos"])
def test_a_note_from_anywhere_removes_nothing_else(tmp_path: Path, name: str) -> None:
    precious = tmp_path / name
    (tmp_path / "temporary" / "mtl-study-a").mkdir()
    precious.mkdir(parents=True)
    (tmp_path / NOTE).write_text(f"{socket.gethostname()}\n{precious}\n")
    with scratch_of(tmp_path):
        assert precious.exists()


def test_a_note_of_another_machine_is_left_to_it(tmp_path: Path, temporary: Path) -> None:
    other = temporary / "mtl-study-abc"
    other.mkdir()
    (tmp_path / NOTE).write_text(f"not-{socket.gethostname()}\n{other}\n")
    with scratch_of(tmp_path):
        assert other.exists()


@pytest.mark.parametrize("name", ["slurm.job.1234567890", "é"])
def test_a_folder_in_which_no_socket_of_rays_would_fit_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(scratch, "LONGEST_BASE", 20)
    short = Path(tempfile.mkdtemp(prefix="s", dir="/tmp"))
    monkeypatch.setattr(scratch, "SHORT_BASES", (str(short),))
    monkeypatch.setattr(tempfile, "tempdir", str(short / name))
    (short / name).mkdir()
    try:
        with scratch_of(tmp_path) as folder:
            assert folder.parent == short
        assert not folder.exists()
    finally:
        (short / name).rmdir()
        short.rmdir()


def test_without_any_short_folder_the_remedy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "LONGEST_BASE", 3)
    with pytest.raises(UserError, match="TMPDIR"), scratch_of(tmp_path):
        pytest.fail("there is none")


def test_it_is_found_by_who_looks_from_outside(tmp_path: Path, temporary: Path) -> None:
    assert scratch_named_in(tmp_path) is None
    with scratch_of(tmp_path) as folder:
        assert scratch_named_in(tmp_path) == folder
    host = socket.gethostname()
    for note in (f"elsewhere\n{temporary / 'mtl-study-a'}\n", f"{host}\n/etc\n", f"{host}\n{'x' * 10**6}\n", ""):
        (tmp_path / NOTE).write_text(note)
        assert scratch_named_in(tmp_path) is None
