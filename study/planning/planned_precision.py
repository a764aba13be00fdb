"""How sure the verdict of a study will be, from label counts and class balance alone, before anything is trained."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.statistics.evidence import shortage
from analysis.statistics.influence import effective_groups
from analysis.statistics.precision import Precision, planned_precision, row_deviation

if TYPE_CHECKING:
    from analysis.importance import Importance
    from mtl_core.data.task_set import Examples, TaskSet

HOLDOUT_SHARE = 0.2
"""Share of the rows that a test split has where nobody says otherwise."""
CROSS_FIT, HOLDOUT = "cross_fit", "holdout"


def precisions(task_set: TaskSet, importance: Importance | None = None) -> dict[str, Precision]:
    """Return the planned precision by design: ``cross_fit`` and ``holdout``, or the latter alone; the study's first.

    Args:
        task_set: with the rows that will judge it.
        importance: of the tasks in their mean; default: all count alike.
    """
    counts = judging_units(task_set, task_set.test)
    shares = majorities(task_set)
    deviations = {task.name: row_deviation(shares[task.name], task.metric) for task in task_set.tasks}
    own_rows = task_set.development.own_inputs
    if task_set.development.folds is None:
        return {HOLDOUT: planned_precision(counts, deviations, importance, own_rows=own_rows)}
    fewer = {task: max(round(HOLDOUT_SHARE * number), 1) for task, number in counts.items()}
    return {
        CROSS_FIT: planned_precision(counts, deviations, importance, own_rows=own_rows),
        HOLDOUT: planned_precision(fewer, deviations, importance, own_rows=own_rows),
    }


def precision_facts(task_set: TaskSet, importance: Importance | None = None) -> dict[str, Any]:
    """Return what the manifest of a study keeps of its planned precision.

    Returns:
        ``design``; ``tasks``: by task the half-width of its gain's interval in points, the number of rows or groups
        that judge it (``units``), and what it has too little of for a verdict (``shortage``, or an empty text);
        ``mean``: the half-width of the mean gain's interval.
    """
    design, own = next(iter(precisions(task_set, importance).items()))
    units, lacking = judging_units(task_set, task_set.test), shortages(task_set)
    tasks = {
        task: {"half_width": half, "units": units[task], "shortage": lacking[task]} for task, half in own.tasks.items()
    }
    return {"design": design, "tasks": tasks, "mean": own.mean}


def shortages(task_set: TaskSet) -> dict[str, str]:
    """Return what every task has too little of among the rows that judge it, for a verdict; empty: nothing."""
    from mtl_core.data.target_columns import columns_of, labels

    mask = labels(task_set.tasks, task_set.test.targets).numpy()
    groups = None if task_set.test.groups is None else task_set.test.groups.numpy()
    found = {}
    for place, (task, columns) in enumerate(zip(task_set.tasks, columns_of(task_set.tasks), strict=True)):
        values = task_set.test.targets[:, columns[0]].numpy()[mask[:, place]]
        most = _mode(task_set, columns[0])
        rarer = float((values != most).sum()) if task.has_classes else math.nan
        judged = np.where(mask[:, place], 0.0, np.nan)
        found[task.name] = shortage(rarer, effective_groups(judged, groups))
    return found


def judging_units(task_set: TaskSet, examples: Examples) -> dict[str, int]:
    """Return the number of labelled rows of every task that judge it, or of the groups of them."""
    from mtl_core.data.target_columns import labels

    mask = labels(task_set.tasks, examples.targets)
    units = [mask[:, column].nonzero().squeeze(1) for column in range(len(task_set.tasks))]
    if examples.groups is not None:
        units = [examples.groups[rows].unique() for rows in units]
    return {task.name: len(rows) for task, rows in zip(task_set.tasks, units, strict=True)}


def majorities(task_set: TaskSet) -> dict[str, float | None]:
    """Return the share of every task's most frequent class among the rows to develop on; ``None`` for regressions."""
    from mtl_core.data.target_columns import columns_of

    found: dict[str, float | None] = {}
    for task, columns in zip(task_set.tasks, columns_of(task_set.tasks), strict=True):
        values = task_set.development.examples.targets[:, columns[0]]
        values = values[~values.isnan()]
        share = (values == _mode(task_set, columns[0])).double().mean()
        found[task.name] = float(share) if task.has_classes else None
    return found


def _mode(task_set: TaskSet, column: int) -> float:
    values = task_set.development.examples.targets[:, column]
    return float(values[~values.isnan()].mode().values)
