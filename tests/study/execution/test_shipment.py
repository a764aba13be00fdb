"""What travels to a cluster's workers: the project, the user's modules, entries of ``MTL_STUDY_PATH``; no library."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from mtl_core.registry import PATH
from study.execution import shipment
from study.execution.shipment import ENTRIES, copied_entries, own_modules, runtime_environment
from tests.import_graph import HOUSES, ROOT
from tests.mtl_core.testing.outside import ROOT as REPOSITORY


def test_the_project_travels_without_compiled_files(tmp_path: Path) -> None:
    environment = runtime_environment({}, tmp_path)
    assert [Path(path) for path in environment["py_modules"]] == [
        ROOT / name for name in ("mtl_core", "study", "analysis")
    ]
    assert "__pycache__" in environment["excludes"]
    assert set(HOUSES) == {Path(path).name for path in environment["py_modules"]}
    assert REPOSITORY == ROOT


def test_modules_that_the_study_names_travel_and_libraries_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_nets.py").write_text("raise RuntimeError('imported')\n")
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "__init__.py").write_text("")
    (tmp_path / "without_init").mkdir()
    (tmp_path / "without_init" / "nets.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    settings = {
        "network": {"modules": ["my_nets:Stem", "my_package.deep:Block", "my_nets:Stem", "torch.nn:Linear"]},
        "metrics": {"y": "without_init.nets:score"},
        "names": [
            "json:loads",
            "nowhere_at_all:x",
            "mtl_core.registry:find",
            "__main__:f",
            "10:30",
            "sys:path",
            "a b:c",
        ],
        "number": 3,
    }
    found = own_modules(settings)
    assert found == [tmp_path / "my_nets.py", tmp_path / "my_package", tmp_path / "without_init"]


def test_entries_of_several_folders_are_found_where_they_were_unpacked(tmp_path: Path) -> None:
    """A folder may be called like a package of the project, and holds more than entries."""
    for folder, kind in (("a/mtl_core", "weighting"), ("b/mtl_core", "metrics")):
        (tmp_path / folder / kind).mkdir(parents=True)
        (tmp_path / folder / kind / f"own_{kind}.py").write_text("")
    (tmp_path / "a" / "mtl_core" / "big.bin").write_text("")
    variable = os.pathsep.join([str(tmp_path / "a" / "mtl_core"), str(tmp_path / "b" / "mtl_core")])
    (copied,) = copied_entries(variable, tmp_path / "scratch")
    files = sorted(path.relative_to(copied).as_posix() for path in copied.rglob("*.*"))
    assert (copied.name, files) == (ENTRIES, ["0/weighting/own_weighting.py", "1/metrics/own_metrics.py"])
    assert copied_entries(variable, tmp_path / "scratch") == [copied], "a second Ray of the same driver"
    code = (
        "from study.execution.shipment import unpack_entries; unpack_entries(); from mtl_core.registry import names; "
        "print('own_weighting' in names('weighting'), 'own_metrics' in names('metrics'))"
    )
    environment = os.environ | {"PYTHONPATH": f"{copied.parent}:{ROOT}"}
    environment.pop(PATH, None)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "True True\n", done.stderr


def test_without_entries_nothing_is_copied_or_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATH, "before")
    shipment.unpack_entries()
    assert os.environ[PATH] == "before"
    assert copied_entries("", tmp_path) == []
    with pytest.raises(UserError, match="is no folder"):
        copied_entries(str(tmp_path / "nowhere"), tmp_path)
