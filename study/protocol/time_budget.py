"""A budget of time while a study runs: the verdict gets as many seeds as the time left allows.

The plan was cut to the budget by a forecast, and a forecast errs, most of all on a machine that others use as well.
What search and confirm have taken, against what was forecast for them, is the pace at which the verdict will go.  The
number of seeds follows from clocks and never from results, and is written to the ledger before the first of them
trains.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from study.planning.budget import FEWEST_SEEDS
from study.protocol.context import StudyContext

FITTED = "fitted"
BEFORE_THE_PLAN = ("start", "trees")
"""Parts of a forecast that are over when the ledger's first clock starts: they count as forecast."""


def with_seeds_that_fit(context: StudyContext) -> StudyContext:
    """Return the study with as many verdict seeds as fit into what is left of its budget; without one, as it is."""
    if context.plan.spec.budget is None or context.frozen("judged") is None:
        return context
    fitted = context.ledger.of(FITTED)
    seeds = fitted[-1]["seeds"] if fitted else _fit(context, context.plan.spec.budget)
    return replace(context, plan=replace(context.plan, verdict_seeds=seeds))


def _fit(context: StudyContext, budget: float) -> int:
    """Decide the number of seeds, and write it down."""
    planned = len(context.plan.seeds("verdict"))
    forecast = next(event["forecast"] for event in context.ledger.of("planned"))
    before_the_plan = sum(forecast.get(name, 0.0) for name in BEFORE_THE_PLAN)
    spent = before_the_plan + seconds_spent(context.ledger.events)
    seeds = seeds_that_fit(forecast, spent, budget, planned)
    seeds = max(min(seeds, context.plan.spec.verdict.max_seeds), min(planned, FEWEST_SEEDS))
    context.ledger.append(FITTED, phase="verdict", seeds=seeds, planned=planned, spent=round(spent, 1), budget=budget)
    return seeds


def seeds_that_fit(forecast: Mapping[str, float], spent: float, budget: float, planned: int) -> int:
    """Return how many verdict seeds take the time that is left, at the pace of what was spent so far.

    Args:
        forecast: seconds by part of the study; those of the verdict for ``planned`` seeds.
        spent: seconds that everything before the verdict has taken.
        budget: seconds for everything.
        planned: number of verdict seeds.
    """
    before = sum(forecast.get(name, 0.0) for name in (*BEFORE_THE_PLAN, "search", "confirm"))
    pace = spent / before
    left = budget - spent - pace * (forecast.get("score", 0.0) + forecast.get("report", 0.0))
    return int(left / (pace * forecast["verdict"] / planned)) if left > 0 else 0


def seconds_spent(events: Iterable[Mapping[str, Any]]) -> float:
    """Return the seconds that a study's sessions have lasted, each from its plan to its last event."""
    spent, began, last = 0.0, None, None
    for event in events:
        now = datetime.fromisoformat(event["time"])
        if event["event"] == "planned":
            spent += 0.0 if began is None or last is None else (last - began).total_seconds()
            began = now
        last = now
    return spent + (0.0 if began is None or last is None else (last - began).total_seconds())
