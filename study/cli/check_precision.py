"""The precision of a planned verdict, as ``check`` prints it: of the design that was chosen, and of the other one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from analysis.formatting import named
from analysis.statistics.evidence import TOO_FEW_POSITIVES
from study.cli.console import say, say_prose
from study.planning.band import band_text
from study.planning.planned_precision import CROSS_FIT, HOLDOUT, HOLDOUT_SHARE, known, precisions, shortages
from study.planning.pool_size import warnings_on_size

if TYPE_CHECKING:
    from analysis.statistics.precision import Precision
    from study.planning.plan import Plan
    from study.planning.prepare import Prepared


MOST_TASKS = 12


def facts_of_precision(prepared: Prepared) -> dict[str, Any]:
    """Return the planned half-widths by design, of every task and of the mean, in points of skill."""
    found = precisions(prepared.task_set, prepared.plan.spec.importance or None)
    return {
        design: {"tasks": {task: known(half) for task, half in own.tasks.items()}, "mean": known(own.mean)}
        for design, own in found.items()
    }


def facts_of_evidence(prepared: Prepared) -> dict[str, Any]:
    """Return the band, what tasks have too little of for a verdict, and warnings on small data, for programs."""
    return {
        "band": prepared.band,
        "shortages": {task: lacks for task, lacks in shortages(prepared.task_set).items() if lacks},
        "size_warnings": warnings_on_size(prepared.task_set),
    }


def say_precision(prepared: Prepared) -> None:
    """Print how wide the verdict's intervals will about be, what the other design would give, and what is too small."""
    spec = prepared.plan.spec
    found, band = precisions(prepared.task_set, spec.importance or None), spec.band_points
    design, own = next(iter(found.items()))
    say(f"precision: {judging(prepared.plan)}; {precision_in_words(own)} (band: {band_text(**prepared.band)})")
    say_prose(f"  by task: {_by_task(own)}")
    if math.isfinite(own.mean) and design == CROSS_FIT:
        other = found[HOLDOUT]
        say(f"  a test split of {HOLDOUT_SHARE:.0%} instead: ± {other.typical:.1f} and ± {other.mean:.1f}")
    elif own.typical > 4 * band:
        say("  more test rows would narrow it; seeds cannot")
    say_prose(*(f"  warning: {warning}" for warning in warnings_on_size(prepared.task_set)))


def precision_in_words(own: Precision) -> str:
    """Return the half-widths of a typical task and of the mean, in words."""
    if not math.isfinite(own.mean):
        return "no task's gain can be judged"
    judged = all(map(math.isfinite, own.tasks.values()))
    tasks = "tasks" if judged else "the tasks that can be judged"
    typical = f"a typical task's gain to about ± {own.typical:.1f} points of skill"
    return f"{typical}, the mean over {tasks} to about ± {own.mean:.1f}"


def judging(plan: Plan) -> str:
    """Return which rows judge the networks, in words."""
    return f"all rows judge, in {plan.folds} outer folds" if plan.folds > 1 else "the test split judges"


def _by_task(precision: Precision) -> str:
    """Half-widths by task, the least sure first; of many tasks the ends alone; then tasks that cannot be judged."""
    foretold = {task: half for task, half in precision.tasks.items() if math.isfinite(half)}
    said = [f"{task} ± {half:.1f}" for task, half in sorted(foretold.items(), key=lambda pair: -pair[1])]
    if len(said) > MOST_TASKS:
        said = [f"from {said[0]} to {said[-1]} (all with --json)"]
    if unknown := [task for task in precision.tasks if task not in foretold]:
        said.append(f"{named(unknown)} cannot be judged ({TOO_FEW_POSITIVES})")
    return ", ".join(said)
