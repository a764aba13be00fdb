"""A study's phases in their order: search, select, confirm, choose, judge, verdict; then the test split is scored."""

from __future__ import annotations

from collections.abc import Iterator

from mtl_core.data.task_set import TaskSet
from study.execution.scheduler import Parallel, Steps
from study.jobs.job import Data
from study.protocol.confirm import choose, confirm
from study.protocol.context import StudyContext
from study.protocol.divergence import ends_here
from study.protocol.score import score
from study.protocol.search import search_arm
from study.protocol.select import select
from study.protocol.verdict import choose_judged, verdict


def stages(context: StudyContext, task_set: TaskSet) -> Iterator[tuple[Steps, Data]]:
    """Yield what trains, with data that lack the test split; then what scores, with the test split."""
    yield training(context), Data(task_set.development)
    yield score(context), Data(task_set.development, task_set.test)


def training(context: StudyContext) -> Steps:
    """Run every phase that trains; what one decides is in the ledger before the next begins.

    A phase that left nothing for the next one, since all of it diverged, is the last.
    """
    yield from search(context)
    selected = select(context)
    if not selected:
        return
    labels = yield from confirm(context, selected)
    chosen = choose(context, labels)
    if chosen is None:
        return
    judged = yield from choose_judged(context, chosen["arm"], selected)
    yield from verdict(context, judged)
    ends_here(context, "verdict", judged["arms"][:1])


def search(context: StudyContext) -> Steps:
    """Search all arms (``grid``), or the baselines, the references and those that a sampler proposes (``optuna``)."""
    if context.ledger.frozen("draws") is not None:
        return
    if context.plan.spec.search.strategy == "optuna":
        from study.protocol.optuna_search import explore

        references = [search_arm(context, arm) for arm in (*context.plan.baselines, *context.plan.references)]
        yield Parallel([explore(context), *references])
    else:
        yield Parallel([search_arm(context, arm) for arm in context.plan.arms])
