"""The search: rungs, halving, and that a decision is not taken twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

from study.execution.scheduler import Parallel, Steps
from study.protocol.search import search_arm
from study.store.archive import Archive
from tests.study.protocol.conftest import Opener


def jobs(steps: Steps) -> list[Any]:
    """All jobs that ``steps`` yields, one after the other, when none is missing."""
    found: list[Any] = []
    for step in steps:
        found += [job for inner in step.steps for job in jobs(inner)] if isinstance(step, Parallel) else step
    return found


def test_at_each_rung_half_of_the_draws_goes_on(opened: Opener) -> None:
    context = opened()
    found = jobs(search_arm(context, context.plan.candidates[0]))
    assert [(job.shard.until, len(job.replicas)) for job in found] == [(2, 4), (4, 2), (8, 1)]
    assert not any(job.missing(context.archive) for job in found), "a finished search trains nothing"


def test_single_tasks_are_halved_each_for_itself(opened: Opener) -> None:
    context = opened()
    found = jobs(search_arm(context, context.plan.candidates[0].each()))
    assert [(job.tasks, job.shard.until) for job in found] == [(("rain", "sun"), until) for until in (2, 4, 8)]
    for work, draws in zip(found, (4, 2, 1), strict=True):
        each = Counter(replica.task for replica in work.replicas.values())
        assert each == {"rain": draws, "sun": draws}


def test_what_was_decided_is_decided_whatever_the_records_say_later(opened: Opener) -> None:
    context = opened()
    arm = context.plan.candidates[0]
    (event, *_) = [event for event in context.ledger.of("halved") if event["arm"] == arm.label]
    other = sorted(event["stopped"])
    context.ledger.append("halved", **{name: event[name] for name in ("arm", "task", "epochs")}, kept=other, stopped=[])
    second = jobs(search_arm(context, arm))[1]
    assert sorted({replica.draw for replica in second.replicas.values()}) == other


def test_the_search_replicas_of_an_arm_are_its_draws_and_seeds(opened: Opener) -> None:
    context = opened()
    alone = context.search_replicas(context.plan.candidates[0].each())
    assert len(alone) == 2 * 4
    assert set(alone) <= set(Archive(context.directory).entries)
