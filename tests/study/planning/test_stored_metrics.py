"""A study keeps the metrics that it was begun with, whatever the data suggest now."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mtl_core.data.task_set import TaskSet
from study.config.load import as_text, load_spec
from study.config.spec import Spec
from study.driver.manifest import describe_tasks
from study.planning.prepare import prepare_run
from study.planning.stored_metrics import with_stored_metrics


@pytest.fixture
def task_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TaskSet:
    monkeypatch.chdir(tmp_path)
    numbers = np.arange(400)
    columns = {"a": numbers % 17 / 3.0, "y_rare": (numbers % 9 == 0).astype(int), "y_size": numbers % 23 / 7.0}
    pq.write_table(pa.table(columns), tmp_path / "data.parquet")
    return prepare_run(_spec(), tmp_path / "new").task_set


def _spec() -> Spec:
    overrides = ["tasks.set=table", "tasks.path=data.parquet", "tasks.targets=['y_*']", "evaluation.design=holdout"]
    return load_spec("smoke", overrides=overrides)


def test_a_study_that_was_begun_with_another_metric_goes_on_with_it(task_set: TaskSet, tmp_path: Path) -> None:
    assert [task.metric for task in task_set.tasks] == ["auroc", "mse"]
    tasks = tuple(replace(task, metric="brier" if task.name == "y_rare" else task.metric) for task in task_set.tasks)
    before = replace(task_set, development=replace(task_set.development, tasks=tasks))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "tasks.json").write_text(json.dumps(describe_tasks(before)))
    (tmp_path / "run" / "study.yaml").write_text(as_text(_spec()))
    resumed = prepare_run(_spec(), tmp_path / "run").task_set
    assert resumed.fingerprint() == before.fingerprint() != task_set.fingerprint()


def test_a_task_of_another_kind_keeps_its_own(task_set: TaskSet, tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text(
        json.dumps({"tasks": [{"task": "y_rare", "kind": "regression", "metric": "mae"}]})
    )
    assert with_stored_metrics(task_set, tmp_path).tasks == task_set.tasks
    assert with_stored_metrics(task_set, tmp_path / "nowhere").fingerprint() == task_set.fingerprint()
