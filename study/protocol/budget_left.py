"""A budget while a study runs: confirm and verdict get as many seeds as what is left of it allows.

The plan was cut to the budget by a forecast, and a forecast errs, most of all on a machine that others use as well.
What the phases so far have taken, against what was forecast for them, is the pace at which the next will go; a few
seeds of the verdict show its own.  Numbers of seeds follow from clocks and counts and never from results, and are
written to the ledger before the first of them trains.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from analysis.records.phases import PHASES
from study.config.budgets import REPLICAS, Budget, Quantity, limit_of
from study.planning.budget import FEWEST_CONFIRMED, FEWEST_SEEDS
from study.planning.phase_seeds import most_within, num_trained
from study.planning.plan import Plan
from study.planning.settings_from_data import with_setting
from study.protocol.context import StudyContext

FITTED = "fitted"
BEFORE_THE_PLAN = ("start", "trees")
"""Parts of a forecast that are over when the ledger's first clock starts: they count as forecast."""
ENDINGS = ("interrupted", "refused", "crashed")
"""Last events of a session that could still say how it ended."""
PREPARATIONS = ("pilot", "tree", "retrying")
"""Events of a session that come before the one that its clock starts with."""
PARTS = (*BEFORE_THE_PLAN, *PHASES, "score", "report")


@dataclass(frozen=True)
class Meter:
    """What a budget allows, what was spent of it, and what was forecast for every part of the study, in one unit."""

    limit: float
    spent: float
    forecast: Mapping[str, float]

    def pace(self, *parts: str) -> float:
        """Return how many times as much was spent as was forecast for ``parts``, which are over."""
        return self.spent / max(self.of(*parts), 1e-9)

    def of(self, *parts: str) -> float:
        """Return what was forecast for ``parts``."""
        return sum(self.forecast.get(name, 0.0) for name in parts)


def search_goes_on(context: StudyContext, tried: int) -> bool:
    """Return whether the search may try more than ``tried`` of what it proposes; without a budget it may.

    It stops when more than its part of the budget is gone.  Baselines are searched to their end all the same.
    """
    budget = context.plan.spec.budget
    if budget is None or tried == 0:
        return True
    event = _fitted(context, "search")
    if event is not None:
        return tried < event["trials"]
    meter = meter_of(context, budget)
    share = meter.of(*BEFORE_THE_PLAN, "search") / sum(meter.of(part) for part in PARTS)
    if meter.spent <= share * meter.limit:
        return True
    _write(context, "search", meter, {"trials": tried})
    return False


def with_confirm_that_fits(context: StudyContext) -> StudyContext:
    """Return the study with as many confirm seeds, or else arms, as its budget still allows; without one, as it is."""
    budget = context.plan.spec.budget
    if budget is None:
        return context
    event = _fitted(context, "confirm")
    if event is None:
        if any(entry.phase == "confirm" for entry in context.archive.entries.values()):
            return context  # it was begun when nothing but the verdict was fitted
        event = _fit_confirm(context, budget)
    spec = with_setting(context.plan.spec, "confirm", "seeds", event["seeds"])
    return replace(context, plan=replace(context.plan, spec=with_setting(spec, "confirm", "arms", event["arms"])))


def _fit_confirm(context: StudyContext, budget: Budget) -> dict[str, Any]:
    meter, plan = meter_of(context, budget), context.plan
    planned, verdict = len(plan.seeds("confirm")), len(plan.seeds("verdict"))
    pace = meter.pace(*BEFORE_THE_PLAN, "search")
    least = meter.of("verdict") * _fewest(plan, "verdict") / verdict + meter.of("score", "report")
    left = meter.limit - meter.spent - pace * least
    per_seed = pace * meter.of("confirm") / planned
    seeds = most_within("confirm", int(max(left, 0) / per_seed), plan.folds)
    seeds = max(min(seeds, planned), _fewest(plan, "confirm"))
    arms = plan.spec.confirm.arms
    fewer = replace(plan, spec=with_setting(plan.spec, "confirm", "arms", FEWEST_CONFIRMED))
    if seeds * per_seed > left and fewer.num_confirmed < plan.num_confirmed:
        arms = FEWEST_CONFIRMED
    facts = {"seeds": seeds, "planned": planned, "arms": arms, "planned_arms": plan.spec.confirm.arms}
    return _write(context, "confirm", meter, facts)


def _fewest(plan: Plan, phase: str) -> int:
    """The fewest seeds that a budget leaves ``phase``, of those that it trains."""
    return num_trained(phase, min(getattr(plan.spec, phase).seeds, FEWEST_SEEDS), plan.folds)


def with_first_seeds(context: StudyContext) -> StudyContext | None:
    """Return the study with the fewest verdict seeds, which show their pace; ``None``: there is nothing to find out."""
    budget, planned = context.plan.spec.budget, len(context.plan.seeds("verdict"))
    if budget is None or context.frozen("judged") is None:
        return None
    event = _fitted(context, "verdict")
    if event is None:
        facts = {"seeds": _fewest(context.plan, "verdict"), "planned": planned, "provisional": True}
        event = _write(context, "verdict", meter_of(context, budget), facts)
    return _with_verdict_seeds(context, event["seeds"]) if event.get("provisional") else None


def with_seeds_that_fit(context: StudyContext) -> StudyContext:
    """Return the study with as many verdict seeds as fit into what is left of its budget; without one, as it is."""
    budget = context.plan.spec.budget
    if budget is None or context.frozen("judged") is None:
        return context
    event = _fitted(context, "verdict")
    if event is not None and event.get("provisional"):
        event = _fit_verdict(context, budget, event)
    return context if event is None else _with_verdict_seeds(context, event["seeds"])


def _fit_verdict(context: StudyContext, budget: Budget, first: Mapping[str, Any]) -> dict[str, Any]:
    """Decide on the verdict's seeds by what ``first``, its first seeds, have taken."""
    meter, planned = meter_of(context, budget), len(context.plan.seeds("verdict"))
    trained = num_trained("verdict", first["seeds"], context.plan.folds)
    before = meter.of(*BEFORE_THE_PLAN, "search", "confirm")
    per_seed = (meter.spent - first["spent"]) / trained
    pace = meter.spent / (before + meter.of("verdict") * trained / planned)
    left = meter.limit - meter.spent - pace * meter.of("score", "report")
    seeds = trained + (int(left / max(per_seed, 1e-9)) if left > 0 else 0)
    most = max(context.plan.spec.verdict.max_seeds, planned)
    seeds = max(most_within("verdict", min(seeds, most), context.plan.folds), trained)
    return _write(context, "verdict", meter, {"seeds": seeds, "planned": planned})


def meter_of(context: StudyContext, budget: Budget) -> Meter:
    """Return what was spent of ``budget`` and what was forecast, when the study began, in its unit."""
    events, limit = context.ledger.events, limit_of(budget)
    planned = context.ledger.of("planned")[0]
    if not isinstance(budget, Quantity):
        return Meter(limit, seconds_spent(events), planned["forecast"])
    if budget.unit == REPLICAS:
        return Meter(limit, float(len(context.archive.entries)), planned["replicas"])
    wall = {phase: planned["forecast"][phase] for phase in PHASES}
    devices = planned["forecast"]["work"] / max(sum(wall.values()), 1e-9)
    return Meter(limit, device_seconds_spent(events), {phase: devices * seconds for phase, seconds in wall.items()})


def seconds_spent(events: Iterable[Mapping[str, Any]]) -> float:
    """Return the seconds that a study's sessions have lasted, each from the command's start to its last event.

    Where an event ``planned`` does not say how long the command had run before it, the forecast does.
    """
    spent, last = 0.0, None
    for event in events:
        now = datetime.fromisoformat(event["time"])
        if event["event"] == "planned":
            forecast = event.get("forecast", {})
            spent += event.get("before", sum(forecast.get(name, 0.0) for name in BEFORE_THE_PLAN))
            last = now
        elif event["event"] in PREPARATIONS:
            last = None  # the session before has ended, however long ago
        elif last is not None:
            spent += (now - last).total_seconds()
            last = None if event["event"] in ENDINGS else now
    return spent


def device_seconds_spent(events: Iterable[Mapping[str, Any]]) -> float:
    """Return the seconds that shards have occupied their devices; a worker that has half a GPU counts half."""
    spent, share = 0.0, 1.0
    for event in events:
        if event["event"] == "device":
            share = event.get("share", 1.0)
        elif event["event"] in ("finished", "failed"):
            spent += share * event.get("seconds", 0.0)
    return spent


def _fitted(context: StudyContext, phase: str) -> dict[str, Any] | None:
    """The last decision on ``phase``."""
    return next((event for event in reversed(context.ledger.of(FITTED)) if event["phase"] == phase), None)


def _write(context: StudyContext, phase: str, meter: Meter, facts: dict[str, Any]) -> dict[str, Any]:
    context.ledger.append(FITTED, phase=phase, **facts, spent=round(meter.spent, 1), budget=meter.limit)
    return context.ledger.of(FITTED)[-1]


def _with_verdict_seeds(context: StudyContext, seeds: int) -> StudyContext:
    return replace(context, plan=replace(context.plan, verdict_seeds=seeds))
