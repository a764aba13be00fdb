"""``runs``: every run directory below a folder, the last changed first."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from study.cli.app import app
from study.driver.run import run
from study.store.ledger import NAME
from tests.study.conftest import tiny


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def folder(fake: Path, tmp_path: Path) -> Path:
    first = run(tiny(name="shop"), out=tmp_path / "runs" / "first", backend="inline")
    later = shutil.copytree(first, tmp_path / "runs" / "suite" / "later")
    lines = (later / NAME).read_text().splitlines(keepends=True)
    (later / NAME).write_text("".join(lines[: len(lines) // 2]))
    os.utime(first / NAME, (1e9, 1e9))
    (tmp_path / "runs" / "thesis").mkdir()
    (tmp_path / "runs" / "loop").symlink_to(tmp_path / "runs")
    return tmp_path / "runs"


def test_runs_are_listed_with_their_states_the_last_changed_first(folder: Path) -> None:
    result = invoke("runs", str(folder), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [Path(one["run"]).name for one in found] == ["later", "first"]
    assert [one["state"] for one in found] == ["killed", "finished"]
    assert found[1]["changed"].startswith("2001-09-0")
    assert {one["tasks"] for one in found} == {2}
    assert {one["study"] for one in found} == {"shop"}, "not the name of the task set"
    table = invoke("runs", str(folder)).stdout
    assert table.index("later") < table.index("first")
    assert found[1]["done"][0] == found[1]["done"][1], "a finished study has as many as it has"
    assert found[0]["done"][0] < found[0]["done"][1]
    (finished,) = {line for line in table.splitlines() if "  finished  " in line}
    assert f"  {found[1]['done'][0]}  " in finished
    assert " of " not in finished


def test_a_folder_without_runs_is_named(tmp_path: Path) -> None:
    for place, found in ((tmp_path, "no run directory is here"), (tmp_path / "none", "no such folder")):
        result = invoke("runs", str(place))
        assert result.exit_code == 2
        assert found in result.stderr
