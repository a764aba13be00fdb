"""Which numbers of a target a metric can judge, in the precision and from the origin that they are kept with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mtl_core.data.metrics import metric_named
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.float32_columns import Float32Column
from mtl_core.data.tabular.number_text import exact_text
from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.data.task import Metric, Task
from mtl_core.errors import UserError
from mtl_core.registry import is_path

SMALLEST_DEVIATION = 1e-19
"""Deviation of a target below which float32 no longer holds the squares of its errors: they end at 1e-45."""


def may_have_origin(metric: Metric) -> bool:
    """Return whether a metric can judge targets and predictions from which one number was subtracted.

    Those of counts cannot.  One of the user's own gets the number back, see :func:`judged_from`; the others have the
    same value.
    """
    return metric_named(metric).judges_negative


def judged_from(task: Task, origin: float) -> Task:
    """Return a task that knows the number that was subtracted from its labels, where its metric is to know it."""
    return replace(task, origin=origin) if is_path("metrics", task.metric) else task


def refuse_what_a_metric_cannot_judge(
    column: Column, numbers: np.ndarray, narrow: Float32Column, learnt: np.ndarray, metric: Metric
) -> None:
    """Refuse numbers that a metric would judge wrongly.

    Args:
        column: the target, for messages.
        numbers: its values; NaN where one is missing.
        narrow: the same in float32, and their origin.
        learnt: mask of the rows that are learnt from.
        metric: that judges the target.

    Raises:
        UserError: for numbers below 0 where counts are judged, for counts that are kept from an origin of their own,
            and for those whose squares are lost in float32.
    """
    judge = metric_named(metric)
    if not judge.judges_negative and (smallest := float(np.nanmin(numbers))) < 0:
        found = f"{metric} judges counts, and {column.name!r} holds {exact_text(smallest)}."
        raise UserError("table: metrics", found, "Choose another metric, such as mse.")
    if narrow.origin and not judge.judges_negative:
        found = f"{metric} judges counts, and the numbers of {column.name!r} are too large for it to tell them apart."
        raise UserError("table: metrics", found, "Choose another metric, such as mse.")
    deviation = float(np.nanstd(narrow.values[learnt].astype(np.float64)))
    if judge.squares_errors and deviation < SMALLEST_DEVIATION:
        found = f"differs by about {deviation:.0e}, and squares of errors so small are lost in {metric}."
        advice = f"Choose a larger unit, or write metrics: {{{in_yaml(column.name)}: mae}} under tasks."
        raise UserError(column.where, found, advice)
