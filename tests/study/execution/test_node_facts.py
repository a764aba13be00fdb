"""What machines are compared in: every difference is said, and what a worker needs is what it imports."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from study.execution import node_facts as module
from study.execution.node_facts import NEEDED, PACKAGES, node_facts, source_digest
from tests.import_graph import ROOT


def test_a_machine_does_not_differ_from_itself() -> None:
    assert node_facts().differences(node_facts()) == []
    assert node_facts().missing == ()
    assert json.loads(json.dumps(node_facts().event()))["versions"]["ray"] == metadata.version("ray")


def test_every_difference_is_said_with_both_sides() -> None:
    here = node_facts()
    versions = tuple((name, "0.1" if name == "torch" else version) for name, version in here.versions)
    there = replace(here, python="3.9", versions=versions, engine="0", source="changed")
    said = here.differences(there)
    assert [line.split(" there, ")[0] for line in said] == [
        "Python 3.9", "torch 0.1", "engine version 0", "source of mtl-study changed"
    ]  # fmt: skip
    assert f"torch 0.1 there, {dict(here.versions)['torch']} here" in said
    assert here.differences(replace(here, missing=("torch", "scipy"))) == ["missing there: torch, scipy"]
    assert here.differences(replace(here, protected=not here.protected)) == []


def test_builds_of_one_version_are_equal_and_a_missing_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = metadata.version

    def version(name: str) -> str:
        if name == "scipy":
            raise metadata.PackageNotFoundError(name)
        return "2.13.0+cu130" if name == "torch" else known(name)

    monkeypatch.setattr(module.metadata, "version", version)
    assert dict(node_facts().versions)["torch"] == "2.13.0"
    assert node_facts().missing == ("scipy",)


def test_a_changed_source_file_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "package_folder", lambda name: tmp_path / name)
    digest = source_digest.__wrapped__
    assert digest() == source_digest()
    (tmp_path / "study" / "presets" / "demo.yaml").write_text("")
    assert digest() == source_digest(), "only code is compared"
    path = tmp_path / "mtl_core" / "recipe.py"
    path.write_text(path.read_text() + "\n")
    assert digest() != source_digest()


def test_what_is_needed_is_declared_and_covers_what_a_worker_imports() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {line.split(">")[0].split("[")[0] for line in declared}
    assert set(NEEDED) <= names
    code = "import study.execution.ray_tune, study.jobs.train, study.jobs.score, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    tops = {name.split(".")[0] for name in loaded.split()}
    owners = {owner for top, found in metadata.packages_distributions().items() if top in tops for owner in found}
    rays_own = {"rich"}
    assert not (owners & names) - set(NEEDED) - rays_own, "a worker imports them, so NEEDED has to name them"


def test_it_can_be_asked_where_libraries_are_missing() -> None:
    code = "import study.execution.node_facts, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not {"torch", "numpy", "ray", "pandas"} & set(loaded.split())
