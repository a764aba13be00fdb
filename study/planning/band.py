"""The band of no practical difference where the study file says ``auto``: settled before anything is trained."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING, Any

from analysis.statistics.band import LEAST_POINTS, automatic_band
from analysis.statistics.precision import skill_half_width
from study.config.spec import Spec
from study.planning.planned_precision import judging_rows, judging_units, majorities

if TYPE_CHECKING:
    from mtl_core.data.task_set import TaskSet


def settle_band(spec: Spec, task_set: TaskSet, stored: Spec | None = None) -> Spec:
    """Return the study with its band as a number; one that names a number is returned as it is.

    Args:
        spec: the study as it was asked for.
        task_set: with the rows that will judge it; their labels are counted, and no prediction of them is known yet.
        stored: the study that a run directory was begun with: it decides what ``auto`` means there.
    """
    if spec.band != "auto":
        return spec
    points = band_for(task_set) if stored is None else stored.band_points
    return spec.model_copy(update={"band": points})


def band_for(task_set: TaskSet) -> float:
    """Return the automatic band of a task set, in points of skill to a tenth: that of the median task."""
    units, rows = judging_units(task_set, task_set.test), judging_rows(task_set)
    shares = majorities(task_set)
    halves = [
        skill_half_width(rows[task.name], shares[task.name], task.metric, units=units[task.name])
        for task in task_set.tasks
    ]
    known = [half for half in halves if math.isfinite(half)]
    return round(automatic_band(median(known) if known else math.nan), 1)


def band_facts(points: float, is_automatic: bool) -> dict[str, Any]:
    """Return what is kept of a band: its ``points``, and its ``rule``: ``auto``, or ``given`` (also by default)."""
    return {"points": points, "rule": "auto" if is_automatic else "given"}


def band_text(points: float, rule: str) -> str:
    """Return the band in words."""
    if rule != "auto":
        return f"± {points:g} {'point' if points == 1 else 'points'}"
    if points <= LEAST_POINTS:
        return f"± {points:g} point, the least that auto gives"
    return f"± {points:g} points by auto, a tenth of half the interval of a single-task skill with these rows"
