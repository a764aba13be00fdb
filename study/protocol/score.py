"""Score: the test split is opened for confirm and verdict replicas that finished; the ledger has every opening."""

from __future__ import annotations

from study.execution.scheduler import Parallel, Steps
from study.jobs.score import scoring_job
from study.planning.replica import Replica
from study.protocol.context import StudyContext
from study.protocol.kept_models import keep_models_of_options

JUDGED = ("confirm", "verdict")


def score(context: StudyContext) -> Steps:
    """Score on the test split the replicas without scores; then keep only the models of what can be recommended."""
    yield Parallel([_score_phase(context, phase) for phase in JUDGED])
    context.archive.merge_scores()
    keep_models_of_options(context)


def _score_phase(context: StudyContext, phase: str) -> Steps:
    frame = context.archive.of_phase(phase)
    able = frame[(frame["status"] == "finished") & (frame["selected_epoch"] >= 0)]
    keys = [key for key in dict.fromkeys(able["replica"]) if not context.archive.is_scored(key)]
    if not keys:
        return
    replicas = _replicas(context, phase)
    wanted = {key: replicas[key] for key in keys if key in replicas}
    if not wanted:  # what an addition has trained is scored with it
        return
    folds = {"folds": context.plan.folds} if context.plan.folds > 1 else {}
    context.ledger.append("test_opened", phase=phase, replicas=len(wanted), **folds)
    yield [scoring_job(shard, shard.replicas, context.archive) for shard in context.shards(phase, wanted)]


def _replicas(context: StudyContext, phase: str) -> dict[str, Replica]:
    return context.keyed(
        replica
        for fold in context.folds
        for label, draws in fold.frozen("draws").items()
        for replica in fold.replicas(fold.arm(label), phase, draws)
    )
