"""How sure a planned verdict will be, in points of skill, before anything is trained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.importance import Importance, weights_of
from analysis.statistics.intervals import ALPHA, t_quantile
from analysis.statistics.seed_part import MATERIAL

DISAGREEMENT = 0.08
"""Share of rows on which two tuned networks are not both right or both wrong: 0.06 to 0.10 in studies so far."""
RARE_DISAGREEMENT = 0.16
"""The same, over the share of rows outside the most frequent class: networks cannot disagree where neither errs."""
ERROR_DEVIATION = 0.15
"""Deviation of a row's difference in squared error, over the target's variance: 0.10 to 0.25 in studies so far."""
TYPICAL_SKILL = 0.5
"""Skill of the single-task network whose own interval is foretold: halfway between the best constant and perfect."""
ALIKE = 0.8
"""Correlation between what an example contributes to the AUROC of two tuned networks: 0.5 to 0.9 in studies so far."""
AUROC = "auroc"
BETWEEN_TASKS = 0.3
"""Correlation between the tasks' differences on the same rows."""


@dataclass(frozen=True)
class Precision:
    """Half-widths of 95% intervals that a design will about have, in points: of each task, and of their mean.

    A task that cannot be judged has NaN, and the mean is that of the others.
    """

    tasks: dict[str, float]
    mean: float

    @property
    def typical(self) -> float:
        """Median over the tasks that can be judged; NaN where there is none."""
        ordered = sorted(half for half in self.tasks.values() if math.isfinite(half))
        if not ordered:
            return math.nan
        return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def row_deviation(majority: float | None, metric: str = "") -> float:
    """Return the deviation of a row's difference between two tuned networks, in points of skill.

    Args:
        majority: share of the most frequent class, which is what a constant prediction gets right; ``None``: the task
            is a regression.
        metric: name of the task's metric; any but AUROC is taken to vary as accuracy and squared error do.
    """
    if majority is None:
        return 100 * ERROR_DEVIATION
    if metric == AUROC:
        return 100 * math.sqrt(2 * (1 - ALIKE)) * _auroc_deviation(majority)
    rarer = max(1 - majority, 1e-9)
    return 100 * math.sqrt(min(DISAGREEMENT, RARE_DISAGREEMENT * rarer)) / rarer


def _auroc_deviation(majority: float) -> float:
    """The deviation of a row's influence on AUROC skill, for a network with a skill of 50 points.

    Source: J. A. Hanley & B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic
    (ROC) curve", Radiology 143, 1982: Q1 and Q2.
    """
    area = 0.5 + 0.5 * TYPICAL_SKILL
    of_frequent, of_rare = area / (2 - area) - area**2, 2 * area**2 / (1 + area) - area**2
    return math.sqrt(of_rare / max(1 - majority, 1e-9) + of_frequent / majority) / 0.5


def skill_half_width(rows: float, majority: float | None, metric: str = "", *, units: float | None = None) -> float:
    """Return half the width that the 95% interval of one network's skill will have, in points.

    This is the skill itself and no paired difference, so it is wider than that of a gain.  The network is taken to have
    a skill of 50 points: with a majority share m it is right in (1 + m) / 2 of the rows, and its errors in a regression
    are normal with half the target's variance.

    Args:
        rows: number of labelled rows that judge the task; where they are grouped, of independent rows that say as much.
        majority: share of the most frequent class; ``None``: the task is a regression.
        metric: name of the task's metric, as in :func:`row_deviation`.
        units: number of groups of rows; default: every row is its own.

    Returns:
        NaN for fewer than two rows, and for a task with a single class.
    """
    units = rows if units is None else units
    if units < 2 or majority == 1:
        return math.nan
    if majority is None:
        deviation = math.sqrt(2) * (1 - TYPICAL_SKILL)
    elif metric == AUROC:
        deviation = _auroc_deviation(majority)
    else:
        wrong = (1 - TYPICAL_SKILL) * (1 - majority)
        deviation = math.sqrt(wrong * (1 - wrong)) / (1 - majority)
    return 100 * t_quantile(units - 1, ALPHA) * deviation / math.sqrt(rows)


def planned_precision(
    rows: Mapping[str, float],
    deviations: Mapping[str, float],
    importance: Importance | None = None,
    *,
    units: Mapping[str, int] | None = None,
    own_rows: bool = False,
) -> Precision:
    """Return the half-widths of a design in which so many labelled rows judge each task.

    Seeds are taken to add to the variance what they do when the verdict asks for no more of them.

    Args:
        rows: number of labelled test rows of each task, with outer folds of all of its labelled rows; where they are
            grouped, of independent rows that say as much.
        deviations: what :func:`row_deviation` says of each task; NaN for one that cannot be judged.
        importance: of the tasks in their mean; default: all count alike.
        units: number of groups of each task's rows; default: every row is its own.
        own_rows: whether no row judges two tasks, so that their differences are independent.
    """
    between = 0.0 if own_rows else BETWEEN_TASKS
    halves = {
        task: t_quantile(max((number if units is None else units[task]) - 1, 1), ALPHA)
        * deviations[task]
        * math.sqrt((1 + MATERIAL) / max(number, 1))
        for task, number in rows.items()
    }
    known = {task: half for task, half in halves.items() if math.isfinite(half)}
    if not known:
        return Precision(halves, math.nan)
    weights = weights_of(known, importance)
    times = dict.fromkeys(known, 1.0) if weights is None else dict(zip(known, weights * len(known), strict=True))
    shares = [float(times[task]) * half for task, half in known.items()]
    independent = math.sqrt(sum(share**2 for share in shares)) / len(known)
    together = sum(shares) / len(known)
    return Precision(halves, math.hypot(math.sqrt(1 - between) * independent, math.sqrt(between) * together))
