"""Metrics of a study that was begun: what the data suggest may change from version to version, the study's do not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.registry import is_path

if TYPE_CHECKING:
    from mtl_core.data.task_set import TaskSet


def with_stored_metrics(task_set: TaskSet, run: Path) -> TaskSet:
    """Return the task set with the metrics that the run directory ``run`` was begun with, for tasks of the same kind.

    A dotted path is taken from the study file alone: the directory may come from anywhere, and a path names code.

    Args:
        task_set: as the data and the study file give it now.
        run: with a ``tasks.json``; without one nothing changes.
    """
    file = run / "tasks.json"
    stored = json.loads(file.read_text("utf-8"))["tasks"] if file.is_file() else []
    metrics = {
        (task["task"], task["kind"]): task["metric"] for task in stored if not is_path("metrics", task["metric"])
    }
    tasks = tuple(replace(task, metric=metrics.get((task.name, task.kind), task.metric)) for task in task_set.tasks)
    return replace(task_set, development=replace(task_set.development, tasks=tasks))
