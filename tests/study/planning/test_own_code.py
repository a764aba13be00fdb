"""A digest changes with what a file says, and not with its comments."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mtl_core.data.task import Task
from mtl_core.errors import UserError
from study.config.spec import Spec
from study.planning.own_code import code_digests

TASKS = (Task("a", "regression", "own_code_of_a_test:f", loss="own_code_of_a_test:g"), Task("b", "regression", "mse"))
CODE = "def f(x, y):\n    return 1.0\n\n\ng = f\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "own_code_of_a_test.py"
    path.write_text(CODE)
    monkeypatch.delitem(sys.modules, "own_code_of_a_test", raising=False)
    yield path
    sys.modules.pop("own_code_of_a_test", None)


def study(**training: object) -> Spec:
    return Spec.model_validate({"tasks": {"set": "demo"}, "training": training})


def test_metrics_losses_and_modules_are_digested_once_each(file: Path) -> None:
    found = code_digests(study(backbone_options={"modules": ["own_code_of_a_test:g", "json:loads"]}), TASKS)
    assert list(found) == ["own_code_of_a_test:f", "own_code_of_a_test:g", "json:loads"]
    assert found["own_code_of_a_test:f"] == found["own_code_of_a_test:g"] != found["json:loads"]
    assert code_digests(study(), TASKS[1:]) == {}


def test_only_what_the_file_says_counts(file: Path) -> None:
    before = code_digests(study(), TASKS)
    file.write_text("# a remark\n" + CODE.replace("\n\n\n", "\n\n"))
    assert code_digests(study(), TASKS) == before
    file.write_text(CODE.replace("1.0", "2.0"))
    assert set(code_digests(study(), TASKS).values()).isdisjoint(before.values())


def test_code_without_a_file_has_no_digest_and_what_is_not_there_is_an_error() -> None:
    assert code_digests(study(), (Task("a", "regression", "mse", loss="sys:exit"),)) == {"sys:exit": ""}
    with pytest.raises(UserError, match="cannot be imported"):
        code_digests(study(), (Task("a", "regression", "mse", loss="no_such_module_at_all:f"),))
