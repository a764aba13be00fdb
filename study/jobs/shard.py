"""A shard: replicas that train as one fused array in one go.

How replicas are grouped into shards changes no result, so a shard may be cut in two when memory runs out, and a
resumed study may group what is missing in another way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from mtl_core.recipe import Recipe
from study.planning.arm import NORM, Arm
from study.planning.replica import SHARD_SIZE, Replica
from study.planning.training_settings import TrainingSettings, drawn_recipe, recipe_of


@dataclass(frozen=True)
class Shard:
    """Replicas of one arm (of one task for single-task arms) and one norm in one phase, up to one rung.

    Args:
        phase: search, confirm or verdict.
        arm: of all its replicas.
        tasks: what each of its replicas learns: the single task, or all.
        replicas: by content hash.
        until: epochs that they have when it is done.
        settings: training settings of the phase; more epochs there than ``until`` mean that rungs follow.
        sources: stems of the parts whose checkpoints hold their states.
    """

    phase: str
    arm: Arm
    tasks: tuple[str, ...]
    replicas: Mapping[str, Replica]
    until: int
    settings: TrainingSettings
    sources: tuple[str, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """A content hash of what is trained."""
        return hashlib.sha256(json.dumps([sorted(self.replicas), self.until]).encode()).hexdigest()[:16]

    @property
    def recipe(self) -> Recipe:
        """The recipe that the shard's replicas have in common."""
        any_of_them = next(iter(self.replicas.values()))
        return drawn_recipe(recipe_of(self.arm, self.settings), any_of_them.hyperparameters)


def shards_of(
    replicas: Mapping[str, Replica],
    tasks: tuple[str, ...],
    *,
    until: int,
    settings: TrainingSettings,
    size: int = SHARD_SIZE,
) -> Iterator[Shard]:
    """Group replicas by phase, arm, task and norm into shards of nearly equal size, at most ``size``."""
    groups: dict[tuple[str, Arm, str | None, Any], list[str]] = {}
    for key, replica in replicas.items():
        norm = replica.hyperparameters.get(NORM)
        groups.setdefault((replica.phase, replica.arm, replica.task, norm), []).append(key)
    for (phase, arm, task, _), keys in groups.items():
        pieces = -(-len(keys) // size)
        bounds = [len(keys) * piece // pieces for piece in range(pieces + 1)]
        for start, stop in pairwise(bounds):
            members = {key: replicas[key] for key in keys[start:stop]}
            yield Shard(phase, arm, arm.tasks(tasks) if task is None else (task,), members, until, settings)
