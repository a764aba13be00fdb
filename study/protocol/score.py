"""Score: the test split is opened for confirm and verdict replicas that finished; every opening is written down."""

from __future__ import annotations

from study.execution.scheduler import Steps, Together
from study.jobs.score import score_shard
from study.planning.replica import Replica
from study.protocol.context import Desk
from study.store.archive import MODELS

JUDGED = ("confirm", "verdict")


def score(desk: Desk) -> Steps:
    """Judge on the test split what has not been; then only the models of the chosen arm are kept."""
    yield Together([_score_phase(desk, phase) for phase in JUDGED])
    _keep_chosen_models(desk)


def _score_phase(desk: Desk, phase: str) -> Steps:
    frame = desk.archive.of_phase(phase)
    able = frame[(frame["status"] == "finished") & (frame["selected_epoch"] >= 0)]
    keys = [key for key in dict.fromkeys(able["replica"]) if not desk.archive.is_scored(key)]
    if not keys:
        return
    desk.ledger.append("test_opened", phase=phase, replicas=len(keys))
    replicas = _replicas(desk, phase)
    wanted = {key: replicas[key] for key in keys if key in replicas}
    yield [score_shard(shard, shard.replicas, desk.archive) for shard in desk.shards(phase, wanted)]


def _replicas(desk: Desk, phase: str) -> dict[str, Replica]:
    selected = desk.ledger.frozen("draws")
    return desk.keyed(
        replica for arm in desk.arms(selected) for replica in desk.plan.replicas(arm, phase, selected[arm.label])
    )


def _keep_chosen_models(desk: Desk) -> None:
    chosen = desk.ledger.frozen("arm")["arm"]
    frame = desk.archive.of_phase("verdict")
    kept = {desk.archive.model_of(key) for key in frame[frame["arm"] == chosen]["replica"]}
    for path in (desk.directory / MODELS).glob("*.safetensors"):
        if path not in kept:
            path.unlink(missing_ok=True)
