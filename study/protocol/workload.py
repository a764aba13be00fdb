"""How many replicas the verdict trains: known exactly once what is judged is frozen, and told to whoever watches."""

from __future__ import annotations

from collections.abc import Mapping

from study.planning.phase_seeds import num_trained
from study.planning.replica import Replica
from study.protocol.budget_left import FITTED
from study.protocol.context import StudyContext

WORKLOAD = "workload"


def note_verdict(context: StudyContext, replicas: Mapping[str, Replica]) -> None:
    """Write to the ledger how many verdict replicas there are, and how many are expected with seeds to come.

    Args:
        context: the study, whose plan has the seeds that train now.
        replicas: by content hash, those that the verdict trains now; some may be trained already.
    """
    seeds = len(context.plan.seeds("verdict"))
    _note(context, replicas, max(_expected_seeds(context, seeds) / seeds, 1.0))


def note_addition(context: StudyContext, replicas: Mapping[str, Replica]) -> None:
    """Write to the ledger how many verdict replicas there are with those of an addition; no more are to come."""
    _note(context, replicas, 1.0)


def _note(context: StudyContext, replicas: Mapping[str, Replica], times: float) -> None:
    trained = {key for key, entry in dict(context.archive.entries).items() if entry.phase == "verdict"}
    number = len(trained.union(replicas))
    facts = {"phase": "verdict", "replicas": number, "expected": round(number * times)}
    last = (context.ledger.of(WORKLOAD) or [{}])[-1]
    if facts != {name: last.get(name) for name in facts}:
        context.ledger.append(WORKLOAD, **facts)


def _expected_seeds(context: StudyContext, now: int) -> int:
    """The number of verdict seeds that a study of ``now`` usually goes on to, see :mod:`study.planning.phase_work`."""
    verdict, ledger = context.plan.spec.verdict, context.ledger
    if context.plan.spec.budget is None:
        return now if ledger.of("addition") else num_trained("verdict", verdict.max_seeds, context.plan.folds)
    decided = [event for event in ledger.of(FITTED) if event["phase"] == "verdict"]
    is_open = bool(decided) and decided[-1].get("provisional", False)
    return num_trained("verdict", verdict.seeds, context.plan.folds) if is_open else now
