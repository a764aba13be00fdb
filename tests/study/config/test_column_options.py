"""``--kind`` and ``--metric``: what they put into the study, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.config.load import load_spec


@pytest.fixture
def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("a,y=z,y_1\n1,2,3\n")
    Path("t.yaml").write_text("tasks: {set: table, path: t.csv, targets: [y_1], kinds: {a: numeric, y_1: binary}}\n")
    Path("bad.yaml").write_text("tasks: {set: table, path: t.csv, targets: [y_1], kinds: [binary]}\n")


@pytest.mark.usefixtures("_table")
def test_flags_go_over_the_study_file_column_by_column() -> None:
    spec = load_spec("t.yaml", kinds=["y_1=regression", "y=z = binary"], metrics=["y*=auroc"])
    assert spec.tasks.options["kinds"] == {"a": "numeric", "y_1": "regression", "y=z": "binary"}
    assert spec.tasks.options["metrics"] == {"y*": "auroc"}
    assert load_spec("t.csv", ["y_*"], kinds=["y_*=regression"]).tasks.options["kinds"] == {"y_*": "regression"}


@pytest.mark.usefixtures("_table")
def test_set_takes_patterns_too() -> None:
    spec = load_spec("t.yaml", overrides=["tasks.kinds.y_*=regression", "tasks.metrics={'y_*': auroc}"])
    assert spec.tasks.options["kinds"]["y_*"] == "regression"
    assert spec.tasks.options["metrics"] == {"y_*": "auroc"}


@pytest.mark.usefixtures("_table")
@pytest.mark.parametrize(
    ("what", "kinds", "found"),
    [
        ("t.yaml", ["binary"], "not of the form COLUMN=VALUE"),
        ("t.yaml", ["=binary"], "not of the form COLUMN=VALUE"),
        ("t.yaml", ["y_1="], "not of the form COLUMN=VALUE"),
        ("t.yaml", ["y_1=binary", "y_1=regression"], "'y_1' is 'binary' already"),
        ("digits3", ["y_1=binary"], "digits3 does not read a table"),
        ("bad.yaml", ["y_1=binary"], "holds no 'column: value' lines"),
    ],
)
def test_what_cannot_be_read_is_refused(what: str, kinds: list[str], found: str) -> None:
    with pytest.raises(UserError) as refused:
        load_spec(what, kinds=kinds)
    assert found in refused.value.found
    assert refused.value.where == f"--kind {kinds[-1]}"
    assert refused.value.remedy
