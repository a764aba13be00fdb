"""How sure the verdict of a study will be, from label counts and class balance alone, before anything is trained."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.statistics.design_effect import WITHIN_GROUPS, effective_rows
from analysis.statistics.evidence import TOO_FEW_POSITIVES, shortage
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
    units, rows = judging_units(task_set, task_set.test), judging_rows(task_set)
    shares, lacking = majorities(task_set), shortages(task_set)
    deviations = {
        task.name: math.nan
        if lacking[task.name] == TOO_FEW_POSITIVES
        else row_deviation(shares[task.name], task.metric)
        for task in task_set.tasks
    }

    def of_share(share: float) -> Precision:
        groups = {task: max(round(share * number), 1) for task, number in units.items()}
        counts = {task: max(share * number, 1.0) for task, number in rows.items()}
        own_rows = task_set.development.own_inputs
        return planned_precision(counts, deviations, importance, units=groups, own_rows=own_rows)

    if task_set.development.folds is None:
        return {HOLDOUT: of_share(1.0)}
    return {CROSS_FIT: of_share(1.0), HOLDOUT: of_share(HOLDOUT_SHARE)}


def precision_facts(task_set: TaskSet, importance: Importance | None = None) -> dict[str, Any]:
    """Return what the manifest of a study keeps of its planned precision.

    Returns:
        ``design``; ``tasks``: by task the half-width of its gain's interval in points, the number of rows or groups
        that judge it (``units``), and what it has too little of for a verdict (``shortage``, or an empty text);
        ``mean``: the half-width of the mean gain's interval.  A half-width that cannot be foretold is ``None``.
    """
    design, own = next(iter(precisions(task_set, importance).items()))
    units, lacking = judging_units(task_set, task_set.test), shortages(task_set)
    tasks = {
        task: {"half_width": known(half), "units": units[task], "shortage": lacking[task]}
        for task, half in own.tasks.items()
    }
    return {"design": design, "tasks": tasks, "mean": known(own.mean)}


def known(half_width: float) -> float | None:
    """Return a half-width for programs: ``None`` where it is NaN, which JSON does not know."""
    return half_width if math.isfinite(half_width) else None


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


def judging_rows(task_set: TaskSet, correlation: float = WITHIN_GROUPS) -> dict[str, float]:
    """Return the number of independent rows of every task that say as much as those that judge it.

    Args:
        task_set: with the rows that will judge it.
        correlation: between two rows of a group.
    """
    from mtl_core.data.target_columns import labels

    mask, groups = labels(task_set.tasks, task_set.test.targets), task_set.test.groups
    if groups is None:
        return {task.name: float(mask[:, place].sum()) for place, task in enumerate(task_set.tasks)}
    sizes = [groups[mask[:, place]].unique(return_counts=True)[1].tolist() for place in range(len(task_set.tasks))]
    return {task.name: effective_rows(own, correlation) for task, own in zip(task_set.tasks, sizes, strict=True)}


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
