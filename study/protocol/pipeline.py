"""A study's phases in their order: search, select, confirm, choose, judge, verdict; then the test split is scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from mtl_core.data.task_set import TaskSet
from study.execution.scheduler import Parallel, Steps
from study.jobs.job import Data
from study.protocol.budget_left import search_goes_on, with_confirm_that_fits, with_first_seeds, with_seeds_that_fit
from study.protocol.confirm import choose, confirm
from study.protocol.context import StudyContext
from study.protocol.divergence import ends_here
from study.protocol.explore import explore, replicas_of_explored
from study.protocol.failure import refuse_without_verdict
from study.protocol.follow import again, follow
from study.protocol.known_points import known_points
from study.protocol.looks import count_look
from study.protocol.more_seeds import with_more_seeds
from study.protocol.score import score
from study.protocol.select import clear_checkpoints, select
from study.protocol.verdict import choose_judged, verdict


def stages(context: StudyContext, task_set: TaskSet) -> Iterator[tuple[Steps, Data]]:
    """Yield what trains, with data that lack the test split; then what scores, with the test split.

    Both follow each other again while more seeds would make the verdict surer.  All that trains before the first look
    is one stage, for which workers are started once.
    """
    yield training(context), Data(task_set.development)
    context = with_seeds_that_fit(context)
    yield _first_look(context), Data(task_set.development, task_set.test)
    while (longer := with_more_seeds(context)) is not None:
        context = longer
        yield judging(context), Data(task_set.development)
        yield score(context), Data(task_set.development, task_set.test)


def _first_look(context: StudyContext) -> Steps:
    """Score what was trained.  Further seeds are no further look: their rule sees spreads and no gain."""
    count_look(context, 1)
    yield from score(context)


def training(context: StudyContext) -> Steps:
    """Run the phases that choose what is judged, then the verdict with as many seeds as a budget allows.

    Under a budget a few seeds train first, which show the verdict's pace.
    """
    yield from choosing(context)
    if (first := with_first_seeds(context)) is not None:
        yield from judging(first)
    yield from judging(with_seeds_that_fit(context))


def choosing(context: StudyContext) -> Steps:
    """Run the phases that choose what is judged; what one decides is in the ledger before the next begins.

    With outer folds every choice is made in each fold, on what the networks of that fold have seen, and then once
    more on all folds together: the former is judged, the latter is what the report recommends.  A phase that left
    nothing for the next one, since all of it diverged, is the last.
    """
    yield from search(context)
    if not all(select(each) for each in context.with_all_folds):
        return
    context.archive.merge_phase("search")
    context = with_confirm_that_fits(context)
    yield from confirm(context)
    if not all(choose(each) for each in context.with_all_folds):
        return
    context.archive.merge_phase("confirm")
    yield from choose_judged(context)  # first: what several folds need is then searched in common arrays
    yield Parallel([choose_judged(fold) for fold in context.folds if fold is not context])
    yield from explore(context)
    clear_checkpoints(context)
    context.archive.merge_phase("search")  # the baselines that only the choice of an arm has called for


def judging(context: StudyContext) -> Steps:
    """Train what is judged, if search and confirm left anything to judge."""
    if context.frozen("judged") is None:
        return
    yield from verdict(context, replicas_of_explored(context))
    refuse_without_verdict(context)
    context.archive.merge_phase("verdict")
    ends_here(context, "verdict", context.frozen("judged")["arms"][:1])


def _searched(context: StudyContext) -> list[str]:
    """Return the labels of the arms whose draws are frozen; what a damaged part held of them is trained again."""
    return list(dict.fromkeys(label for fold in context.with_all_folds for label in fold.frozen("draws") or {}))


def search(context: StudyContext) -> Steps:
    """Search the arms as the study's strategy wants it."""
    strategy = context.plan.strategy
    space = replace(context.plan.space(context.directory), goes_on=partial(search_goes_on, context))
    if context.ledger.frozen("draws") is None:
        space = replace(space, known=known_points(context))
        results = yield Parallel([follow(context, policy) for policy in strategy.policies(space)])
        if strategy.finds_front and context.frozen("front") is None:
            context.freeze("front", strategy.front(results))
    elif context.ledger.of("damaged"):
        yield Parallel([again(context, arm) for arm in context.arms(_searched(context))])
