"""Search: every arm gets the same draws, seeds, epochs and rungs; at each rung the worse half of the draws stops."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping

from analysis.selection import rank_draws
from study.execution.scheduler import Steps, Together
from study.planning.arm import Arm
from study.planning.replica import Replica
from study.protocol.context import Desk


def search(desk: Desk) -> Steps:
    """Search all arms (``grid``), or the baselines, the references and those that a sampler proposes (``optuna``)."""
    if desk.ledger.frozen("draws") is not None:
        return
    if desk.plan.spec.search.strategy == "optuna":
        from study.protocol.optuna_search import explore

        always = [search_arm(desk, arm) for arm in (*desk.plan.baselines, *desk.plan.references)]
        yield Together([explore(desk), *always])
    else:
        yield Together([search_arm(desk, arm) for arm in desk.plan.arms])


def search_arm(desk: Desk, arm: Arm) -> Steps:
    """Search one arm; a single-task arm task by task, since each task keeps draws of its own."""
    tasks = desk.plan.tasks if arm.is_single_task else (None,)
    yield Together([_halving(desk, arm, task) for task in tasks])


def searched(desk: Desk, arm: Arm) -> dict[str, Replica]:
    """All search replicas of ``arm``, by content hash."""
    return desk.keyed(desk.plan.replicas(arm, "search", range(len(desk.plan.draws))))


def _halving(desk: Desk, arm: Arm, task: str | None) -> Steps:
    replicas = {key: replica for key, replica in searched(desk, arm).items() if replica.task == task}
    for rung in desk.rungs:
        yield desk.shards("search", replicas, rung)
        if rung < desk.rungs[-1]:
            kept = _kept(desk, arm, task, rung, replicas)
            _stop(desk, {key: replica for key, replica in replicas.items() if replica.draw not in kept})
            replicas = {key: replica for key, replica in replicas.items() if replica.draw in kept}


def _kept(desk: Desk, arm: Arm, task: str | None, rung: int, replicas: Mapping[str, Replica]) -> list[int]:
    """The draws that go on.  Decided once: what happens to them later must not change it when a study is resumed."""
    about = {"arm": arm.label, "task": task, "epochs": rung}
    decided = None
    for event in desk.ledger.events:
        if event["event"] == "halved" and all(event[name] == value for name, value in about.items()):
            decided = event["kept"]
        elif event["event"] == "retrying" and arm.label in event["arms"]:
            decided = None  # it was decided on failures that are being tried again
    if decided is not None:
        return decided
    ranked = [int(draw) for draw in rank_draws(desk.archive.rows(replicas), epochs=rung)["draw"]]
    better = math.ceil(len(ranked) / 2)
    desk.ledger.append("halved", **about, kept=sorted(ranked[:better]), stopped=sorted(ranked[better:]))
    return ranked[:better]


def _stop(desk: Desk, replicas: Mapping[str, Replica]) -> None:
    """Mark as stopped what would otherwise wait for its next rung."""
    waiting = [key for key in replicas if desk.archive.entries[key].status == "running"]
    if waiting:
        part = hashlib.sha256(json.dumps(["stopped", sorted(waiting)]).encode()).hexdigest()[:16]
        desk.archive.stop(part, waiting)
