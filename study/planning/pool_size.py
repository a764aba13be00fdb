"""Warnings on data that are too few for what a verdict seems to say: rows to develop on, rare labels, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.formatting import named
from analysis.statistics.evidence import REMEDIES
from analysis.statistics.pool_size import is_small, small_pool
from study.planning.planned_precision import shortages

if TYPE_CHECKING:
    from mtl_core.data.task_set import TaskSet


def rows_to_develop_on(task_set: TaskSet) -> int:
    """Return the number of rows from which the networks of one seed are trained and selected."""
    rows, folds = len(task_set.development.examples), task_set.development.num_folds
    return rows if folds == 1 else rows - -(-rows // folds)


def warnings_on_size(task_set: TaskSet) -> list[str]:
    """Return one sentence for each kind of shortage, with its remedy; empty where there is enough of all."""
    rows, lacking = rows_to_develop_on(task_set), shortages(task_set)
    found = [small_pool(rows)] if is_small(rows) else []
    for kind, remedy in REMEDIES.items():
        tasks = [task for task, lacks in lacking.items() if lacks == kind]
        if tasks:
            found.append(f"{named(tasks)}: {kind} to judge; their intervals cannot be trusted. It takes {remedy}.")
    return found
