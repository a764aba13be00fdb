"""Entries in folders of ``MTL_STUDY_PATH`` are as good as built-in ones: CONTRIBUTING's diff works from outside."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mtl_core.registry import KINDS

ROOT = Path(__file__).parents[2]
NAME = "biased"


def python(*arguments: str, path: Path | str) -> subprocess.CompletedProcess[str]:
    """Python in the repository, with ``MTL_STUDY_PATH`` set."""
    environment = os.environ | {"MTL_STUDY_PATH": str(path), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def names(kind: str, path: Path | str) -> subprocess.CompletedProcess[str]:
    """The names that the command line would accept, and whether that took torch."""
    known = f"from study.config.registered_names import names; print(*names({kind!r}))"
    script = f"import sys; {known}; print('torch' in sys.modules)"
    return python("-c", script, path=path)


@pytest.fixture(scope="module")
def ideas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder to which CONTRIBUTING's diff was applied."""
    folder = tmp_path_factory.mktemp("ideas")
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (diff,) = re.findall(r"^```diff\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    subprocess.run(["git", "apply", "-"], cwd=folder, input=diff, text=True, check=True)
    assert (folder / "mtl_core" / "sharing" / f"{NAME}.py").exists()
    return folder


def test_its_name_is_known_without_torch_beside_the_built_in_ones(ideas: Path) -> None:
    found, torch = names("sharing", ideas / "mtl_core").stdout.splitlines()
    assert torch == "False"
    assert found.split() == sorted({NAME, *names("sharing", "").stdout.splitlines()[0].split()})


def test_it_is_listed_with_its_summary(ideas: Path) -> None:
    run = python("-m", "study", "list", "sharing", "--json", path=ideas / "mtl_core")
    (entry,) = [entry for entry in json.loads(run.stdout) if entry["name"] == NAME]
    assert entry["summary"].startswith("Hard sharing whose tasks")


def test_the_plan_has_its_arms(ideas: Path) -> None:
    run = python(
        "-m", "study", "check", "digits3", "--set", f"factors.sharing={NAME}", "--set", "training.epochs=2",
        "--set", "tuning.draws=1", "--json", path=ideas / "mtl_core"
    )  # fmt: skip
    plan = json.loads(run.stdout)
    candidates = [arm for arm in plan["arms"] if arm["role"] == "candidate"]
    assert {arm["sharing"] for arm in candidates} == {NAME}
    assert {arm["depth"] for arm in candidates} == {1, 2}


def test_the_contract_is_put_to_it_and_its_own_test_passes(ideas: Path) -> None:
    contract, own = "tests/mtl_core/sharing/test_contract.py", ideas / f"tests/mtl_core/sharing/test_{NAME}.py"
    options = ("-n", "0", "-q", "-p", "no:cacheprovider", "-k", f"{NAME} and (mlp or starts_as)")
    run = python("-m", "pytest", contract, str(own), *options, path=ideas / "mtl_core")
    assert run.returncode == 0, run.stdout[-3000:]
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed
    assert int(passed[1]) > 6


def test_a_folder_may_hold_entries_of_every_kind_and_there_may_be_several(tmp_path: Path) -> None:
    for folder, kind, name in (("one", "weighting", "mine"), ("two", "weighting", "yours"), ("two", "tasks", "ours")):
        (tmp_path / folder / kind).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / kind / f"{name}.py").touch()
    path = os.pathsep.join(str(tmp_path / folder) for folder in ("one", "two", "two"))
    assert {"equal", "mine", "yours"} <= set(names("weighting", path).stdout.split())
    assert {"digits3", "ours"} <= set(names("tasks", path).stdout.split())


def test_a_metric_of_ones_own_judges_tasks_and_keeps_the_contract(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    built_in = (ROOT / "mtl_core" / "data" / "metrics" / "mae.py").read_text(encoding="utf-8")
    (tmp_path / "metrics" / "cost.py").write_text(built_in.replace("class Mae", "class Cost"))
    assert "cost" in names("metrics", tmp_path).stdout.split()
    judge = "from mtl_core.data.task import Task; print(Task('y', 'regression', 'cost', num_targets=3).metric)"
    check = "from mtl_core.testing.metrics import check_metric; check_metric('cost')"
    run = python("-c", f"{judge}; {check}", path=tmp_path)
    assert (run.returncode, run.stdout.strip()) == (0, "cost"), run.stderr


def test_a_name_that_exists_fails_loudly(tmp_path: Path) -> None:
    (tmp_path / "sharing").mkdir()
    (tmp_path / "sharing" / "hard.py").touch()
    for run in (names("sharing", tmp_path), python("-m", "study", "list", "sharing", path=tmp_path)):
        assert run.returncode != 0
        assert re.search(r"'hard' is in .*mtl_core/sharing and in .*sharing", run.stderr)
        assert "Rename one" in run.stderr


def test_a_malformed_file_fails_loudly(tmp_path: Path) -> None:
    (tmp_path / "sharing").mkdir()
    (tmp_path / "sharing" / "odd.py").write_text("from mtl_core.sharing.hard import Hard\n")
    run = python("-m", "study", "list", "sharing", path=tmp_path)
    assert run.returncode == 2
    assert "mtl_core.sharing.odd" in run.stderr
    assert "must define exactly one concrete subclass of Sharing" in run.stderr


def test_a_folder_that_does_not_exist_fails_loudly(tmp_path: Path) -> None:
    run = names("sharing", tmp_path / "ideas")
    assert run.returncode != 0
    assert re.search(r"MTL_STUDY_PATH[^/]*/.*ideas is no folder", run.stderr)


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/how_to/own_method.md", "mtl_core/registry.py"])
def test_every_page_names_all_folders_that_are_searched(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    (named,) = re.findall(r"MTL_STUDY_PATH``?`?[^.]*?sub-folders(.*?)are\s+searched", text, re.DOTALL)
    searched = {kind for kind, (package, _) in KINDS.items() if package.startswith("mtl_core.")}
    assert set(re.findall(r"[a-z]{4,}", named)) == searched
