"""Where the replicas of a shard go on: a snapshot, an earlier rung, or a replica that has trained the same so far."""

from __future__ import annotations

from safetensors import SafetensorError

from mtl_core.network.replica_state import ReplicaState
from mtl_core.training import checkpoint
from study.jobs.shard import Shard
from study.store.archive import CHECKPOINTS
from study.store.storage import Storage


def states_of(shard: Shard, storage: Storage, partial: str) -> dict[str, ReplicaState]:
    """Return the states from which replicas of ``shard`` go on; what is lost, or was never there, is trained anew.

    A replica with a twin takes the twin's state where it has none of its own: until they part both are the same network
    trained on the same batches, so this saves time and changes no number.

    Args:
        shard: the replicas.
        storage: holds the checkpoints.
        partial: path of the shard's own snapshot, which is newer than those of earlier rungs.
    """
    wanted = {*shard.replicas, *(twin.replica for twin in shard.twins.values())}
    found: dict[str, ReplicaState] = {}
    for path in [*(f"{CHECKPOINTS}/{source}.safetensors" for source in shard.sources), partial]:
        content = storage.read(path)
        if content is None:
            continue
        try:
            found |= {key: state for key, state in checkpoint.decoded(content).items() if key in wanted}
        except SafetensorError:
            continue
    twins = {key: found[twin.replica] for key, twin in shard.twins.items() if twin.replica in found}
    states = {key: state for key, state in twins.items() if int(state["epoch"]) <= shard.twins[key].epochs}
    return states | {key: found[key] for key in shard.replicas if key in found}
