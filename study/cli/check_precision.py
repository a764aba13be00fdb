"""The precision of a planned verdict, as ``check`` prints it: of the design that was chosen, and of the other one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.statistics.precision import Precision, planned_precision, row_deviation
from study.cli.console import say

if TYPE_CHECKING:
    from mtl_core.data.task_set import Examples, TaskSet
    from study.planning.prepare import Prepared

HOLDOUT_SHARE = 0.2
"""Share of the rows that a test split has where nobody says otherwise."""


def precisions(task_set: TaskSet) -> dict[str, Precision]:
    """Return the planned precision by design: ``cross_fit`` and ``holdout``, or ``holdout`` alone."""
    counts, deviations = _judging(task_set, task_set.test), _deviations(task_set)
    if task_set.development.folds is None:
        return {"holdout": planned_precision(counts, deviations)}
    fewer = {task: max(round(HOLDOUT_SHARE * number), 1) for task, number in counts.items()}
    return {"cross_fit": planned_precision(counts, deviations), "holdout": planned_precision(fewer, deviations)}


def facts_of_precision(prepared: Prepared) -> dict[str, Any]:
    """Return the planned half-widths by design, of every task and of the mean, in points of skill."""
    found = precisions(prepared.task_set)
    return {design: {"tasks": precision.tasks, "mean": precision.mean} for design, precision in found.items()}


def say_precision(prepared: Prepared) -> None:
    """Print how wide the verdict's intervals will about be, and what the other design would give."""
    found, band = precisions(prepared.task_set), prepared.plan.spec.band
    design, own = next(iter(found.items()))
    folds = (
        f"all rows judge, in {prepared.plan.folds} outer folds" if design == "cross_fit" else "the test split judges"
    )
    say(
        f"precision: {folds}; a typical task's gain to about ± {own.typical:.1f} points of skill, "
        f"the mean over tasks to about ± {own.mean:.1f} (band: ± {band:g})"
    )
    if design == "cross_fit":
        other = found["holdout"]
        say(f"  a test split of {HOLDOUT_SHARE:.0%} instead: ± {other.typical:.1f} and ± {other.mean:.1f}")
    elif own.typical > 4 * band:
        say("  more test rows would narrow it; seeds cannot")


def _judging(task_set: TaskSet, examples: Examples) -> dict[str, int]:
    """The labelled rows of every task that judge it, or the groups of them."""
    from mtl_core.data.target_columns import labels

    mask = labels(task_set.tasks, examples.targets)
    units = [mask[:, column].nonzero().squeeze(1) for column in range(len(task_set.tasks))]
    if examples.groups is not None:
        units = [examples.groups[rows].unique() for rows in units]
    return {task.name: len(rows) for task, rows in zip(task_set.tasks, units, strict=True)}


def _deviations(task_set: TaskSet) -> dict[str, float]:
    from mtl_core.data.target_columns import columns_of

    found = {}
    for task, columns in zip(task_set.tasks, columns_of(task_set.tasks), strict=True):
        values = task_set.development.examples.targets[:, columns[0]]
        values = values[~values.isnan()]
        majority = None if task.kind == "regression" else float((values == values.mode().values).double().mean())
        found[task.name] = row_deviation(majority)
    return found
