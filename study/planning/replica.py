"""A replica: one training run, and the content hash that is its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtl_core import ENGINE_VERSION
from study.planning.arm import Arm
from study.planning.training_settings import TrainingSettings

FEWEST_ROWS, MOST_ROWS = 16, 32
"""Replicas of a shard: of large networks, and of small ones.  More of these pay little, and leave workers idle."""
ARRAY_BYTES = 16 * 2**20
"""Memory of an array up to which further rows pay on a processor: beyond it the array leaves the cache."""


def rows_of_shard(replica_bytes: int) -> int:
    """Return how many replicas a shard holds at most that need so many bytes each in training."""
    return min(max(ARRAY_BYTES // replica_bytes, FEWEST_ROWS), MOST_ROWS)


@dataclass(frozen=True)
class Replica:
    """An arm at one draw with one seed in one phase; of a single-task arm also the task.

    Args:
        arm: levels of the study's factors.
        draw: number of the draw that the hyperparameters are.
        seed: of initialisation, order of the data, dropout and split.
        phase: search, confirm or verdict.
        hyperparameters: those that are tuned, by name.
        task: the one that a replica of a single-task arm learns; ``None`` for other arms.
    """

    arm: Arm
    draw: int
    seed: int
    phase: str
    hyperparameters: Mapping[str, Any]
    task: str | None = None

    def key(self, fingerprint: str, settings: TrainingSettings) -> str:
        """Return the content hash, which is equal for two replicas if, and only if, they train the same thing.

        Args:
            fingerprint: content hash of the task set.
            settings: training settings of the replica's phase.
        """
        content = {
            "engine": ENGINE_VERSION,
            "data": fingerprint,
            "arm": self.arm.identity(),
            "draw": self.draw,
            "seed": self.seed,
            "phase": self.phase,
            "hyperparameters": dict(self.hyperparameters),
            "task": self.task,
            "budget": settings.hashed(self.arm),  # the name that it has in the hashes of records so far
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
