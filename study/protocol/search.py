"""The search of one arm with all its draws: at each rung the worse half of them stops."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping

from analysis.selection.draws import rank_draws
from study.execution.scheduler import Steps
from study.planning.arm import Arm
from study.planning.replica import Replica
from study.protocol.context import StudyContext


def search_arm(context: StudyContext, arm: Arm) -> Steps:
    """Search one arm; in a single-task arm each task keeps draws of its own, and all tasks wait for each other."""
    tasks, replicas = context.plan.tasks if arm.is_single_task else (None,), context.search_replicas(arm)
    for rung in context.rungs:
        yield context.training_jobs("search", replicas, rung)
        if rung < context.rungs[-1]:
            kept = {key for fold in context.folds for task in tasks for key in _kept(fold, arm, task, rung, replicas)}
            stop(context, {key: replica for key, replica in replicas.items() if key not in kept})
            replicas = {key: replica for key, replica in replicas.items() if key in kept}


def _kept(context: StudyContext, arm: Arm, task: str | None, rung: int, replicas: Mapping[str, Replica]) -> list[str]:
    """The replicas for ``task`` with the seeds of ``context`` that go on."""
    seeds = set(context.plan.seeds("search"))
    mine = {key: replica for key, replica in replicas.items() if replica.task == task and replica.seed in seeds}
    draws = _kept_draws(context, arm, task, rung, mine)
    return [key for key, replica in mine.items() if replica.draw in draws]


def _kept_draws(
    context: StudyContext, arm: Arm, task: str | None, rung: int, replicas: Mapping[str, Replica]
) -> list[int]:
    """The draws that go on.  Decided once: a resumed study must not decide otherwise on records that came later."""
    about = {"arm": arm.label, "task": task, "epochs": rung, **context.of_one_fold}
    decided = context.ledger.decided("halved", about, [arm.label])
    if decided is not None:
        return decided["kept"]
    ranked = [int(draw) for draw in rank_draws(context.archive.rows(replicas), epochs=rung)["draw"]]
    better = math.ceil(len(ranked) / 2)
    context.ledger.append("halved", **about, kept=sorted(ranked[:better]), stopped=sorted(ranked[better:]))
    return ranked[:better]


def stop(context: StudyContext, replicas: Mapping[str, Replica]) -> None:
    """Mark as stopped what would otherwise wait for its next rung."""
    entries = context.archive.entries
    waiting = [key for key in replicas if key in entries and entries[key].status == "running"]
    if waiting:
        part = hashlib.sha256(json.dumps(["stopped", sorted(waiting)]).encode()).hexdigest()[:16]
        context.archive.stop(part, waiting)
