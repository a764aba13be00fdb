"""Extend: the phases of an addition to a finished study, in their order: search what is new, train, look, score.

An added arm and its baselines train on a block of verdict seeds that nothing was trained with, so that what suggested
the arm does not judge it; more seeds are such a block for every judged arm.  The test examples stay the same, which is
why the look is counted.  What was frozen of the study stands in the ledger before the end, so a report in between shows
the study as it was.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

from analysis.statistics.judged import roles
from analysis.statistics.verdicts import ADDED
from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from mtl_core.network.feasibility import why_infeasible
from study.execution.scheduler import Steps
from study.jobs.job import Data
from study.planning.arm import Arm
from study.planning.training_settings import recipe_of
from study.protocol.addition import Addition, Asked, addition_of, open_addition
from study.protocol.context import StudyContext
from study.protocol.looks import count_look
from study.protocol.score import score
from study.protocol.select import clear_checkpoints
from study.protocol.verdict import replicas_of, with_baselines
from study.protocol.workload import note_addition

Judged = dict[str, Any]


def extension(context: StudyContext, task_set: TaskSet, asked: Asked) -> Iterator[tuple[Steps, Data]]:
    """Yield what trains for an addition, with data that lack the test split; then what scores it.

    Raises:
        UserError: when there is nothing to add, or it cannot be built.
    """
    addition = _begun(context, asked)
    block = replace(context, plan=context.plan.in_block(addition.first, addition.seeds))
    yield _training(block, addition), Data(task_set.development)
    yield _judging(block, addition), Data(task_set.development, task_set.test)


def _begun(context: StudyContext, asked: Asked) -> Addition:
    """The addition, which is in the ledger from here on."""
    addition = addition_of(asked, context.ledger.events, context.plan, str(context.directory))
    if open_addition(context.ledger.events) is None:
        for each in context.with_all_folds:
            _refuse_infeasible(each, addition)
        context.ledger.append("addition", **addition.event())
    return addition


def _training(context: StudyContext, addition: Addition) -> Steps:
    for each in context.with_all_folds:
        yield from _added(each, addition)
    clear_checkpoints(context)
    _refuse_diverged(context, addition)
    added = [replica for fold in context.folds for replica in replicas_of(fold, _added_to(fold, addition))]
    replicas = context.keyed(added)
    note_addition(context, replicas)
    yield context.training_jobs("verdict", replicas)
    for phase in ("search", "verdict"):
        context.archive.merge_phase(phase)


def _judging(context: StudyContext, addition: Addition) -> Steps:
    count_look(context, addition.look)
    yield from score(context)
    for each in context.with_all_folds:
        before, new = _judged(each), _added_to(each, addition)
        if not set(new["roles"]) <= set(roles(before)):
            each.freeze("judged", _joined(before, new))
    context.ledger.append("added_to_verdict", number=addition.number)


def _added(context: StudyContext, addition: Addition) -> Generator[Any, Any, None]:
    """Decide what the addition judges in one outer fold, or in all together, and search what was not searched yet."""
    name = f"addition {addition.number}"
    if context.frozen(name) is not None:
        return
    arms = _arms(context, addition)
    if not arms:
        context.freeze(name, _judged(context))
        return
    value = yield from with_baselines(context, {f"{ADDED} {addition.number}.{k}": arm for k, arm in enumerate(arms)})
    context.freeze(name, value)


def _refuse_diverged(context: StudyContext, addition: Addition) -> None:
    """End an addition whose arms cannot be judged, since no draw of theirs trained to its end; it is no look."""
    for each in context.with_all_folds:
        if not _added_to(each, addition)["arms"]:
            reason = "no draw of what was to be added trained to its end"
            context.ledger.append("added_to_verdict", number=addition.number, reason=reason)
            raise UserError(str(context.directory), f"{reason}.", "Add another arm, or seeds.")


def _arms(context: StudyContext, addition: Addition) -> list[Arm]:
    """The arms to add: the planned ones by label, or the fold's chosen one without some tasks; none for more seeds."""
    if addition.asked["without"]:
        return [replace(context.arm(context.frozen("arm")["arm"]), without=tuple(addition.asked["without"]))]
    return context.arms(addition.asked["arms"])


def _refuse_infeasible(context: StudyContext, addition: Addition) -> None:
    """Refuse arms that cannot be built for their tasks, or that were not searched to the end in an outer fold."""
    for arm in _arms(context, addition):
        tasks = context.development.only(*arm.tasks(context.plan.tasks))
        reason = why_infeasible(recipe_of(arm, context.plan.settings("verdict")), tasks)
        if reason is None and not arm.without and arm.label not in context.frozen("draws"):
            reason = f"no draw of it trained to its end in outer fold {context.plan.fold}"
        if reason is not None:
            raise UserError(str(context.directory), f"{arm.label}: {reason}.", "Add another arm.")


def _added_to(context: StudyContext, addition: Addition) -> Judged:
    return context.frozen(f"addition {addition.number}")


def _judged(context: StudyContext) -> Judged:
    """What is judged so far, with the roles by name."""
    judged = context.frozen("judged")
    return judged | {"roles": roles(judged)}


def _joined(before: Judged, new: Judged) -> Judged:
    return {
        "arms": [*before["arms"], *new["arms"]],
        "roles": before["roles"] | new["roles"],
        "alone": before.get("alone", {}) | new.get("alone", {}),
        "baselines": before["baselines"] | new["baselines"],
    }
