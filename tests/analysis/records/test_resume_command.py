"""The command that goes on with a run directory: as the user gave it, or of the place that it was moved to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis.records.resume_command import how_to_go_on, resume_command
from analysis.records.schema import UnreadableRun

COMMAND = ["mtl-study", "run", "a b.yaml"]


def described(run: Path, /, **manifest: object) -> Path:
    run.mkdir()
    (run / "study.yaml").write_text("name: shop\n")
    (run / "manifest.json").write_text(json.dumps(manifest))
    return run


def test_it_is_the_users_own_until_the_directory_is_moved(tmp_path: Path) -> None:
    run = described(tmp_path / "run", command=COMMAND, run="runs/shop", directory=str(tmp_path / "run"))
    assert resume_command(run) == "mtl-study run 'a b.yaml'"
    moved = run.rename(tmp_path / "moved")
    assert resume_command(moved) == f"mtl-study run {moved}/study.yaml --out {moved}"
    assert how_to_go_on(moved) == f"Go on with it: mtl-study run {moved}/study.yaml --out {moved}"


def test_a_call_from_python_and_a_directory_of_an_earlier_version_are_named(tmp_path: Path) -> None:
    called = described(tmp_path / "a", command=None, run="runs/a", directory=str(tmp_path / "a"))
    assert resume_command(called) == "study.run(…, out='runs/a')  # in Python"
    assert resume_command(described(tmp_path / "b")) == "mtl-study run runs/shop/study.yaml --out runs/shop"


def test_what_was_not_described_has_none_and_a_damaged_manifest_is_told(tmp_path: Path) -> None:
    assert resume_command(tmp_path) is None
    assert how_to_go_on(tmp_path) == "Run the command that began it once more."
    run = described(tmp_path / "run")
    (run / "manifest.json").write_text("nonsense")
    with pytest.raises(UnreadableRun, match=r"manifest\.json: cannot be read"):
        resume_command(run)
