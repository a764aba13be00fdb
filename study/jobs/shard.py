"""A shard: replicas that train as one fused array in one go.

How replicas are grouped into shards changes no result, so a shard may be cut in two when memory runs out, and a
resumed study may group what is missing in another way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any

from mtl_core.recipe import Recipe
from study.planning.arm import NORM, Arm
from study.planning.packing import Packing
from study.planning.replica import Replica
from study.planning.training_settings import TrainingSettings, drawn_recipe, recipe_of


@dataclass(frozen=True)
class Twin:
    """Another replica that trains the same for its first ``epochs``, so that its state until then serves both."""

    replica: str
    epochs: int


@dataclass(frozen=True)
class Shard:
    """Replicas of one arm and one norm in one phase, up to one rung; of a single-task arm for tasks that are alike.

    Args:
        phase: search, confirm or verdict.
        arm: of all its replicas.
        tasks: what its replicas learn: each of them all, or in a single-task arm one of them.
        replicas: by content hash.
        until: epochs that they have when it is done.
        settings: training settings of the phase; more epochs there than ``until`` mean that rungs follow.
        sources: stems of the parts whose checkpoints hold their states, or their twins'.
        twins: of replicas that need not train anew what others have trained, by content hash.
    """

    phase: str
    arm: Arm
    tasks: tuple[str, ...]
    replicas: Mapping[str, Replica]
    until: int
    settings: TrainingSettings
    sources: tuple[str, ...] = field(default=(), compare=False)
    twins: Mapping[str, Twin] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """A content hash of what is trained."""
        return hashlib.sha256(json.dumps([sorted(self.replicas), self.until]).encode()).hexdigest()[:16]

    @property
    def recipe(self) -> Recipe:
        """The recipe that the shard's replicas have in common."""
        any_of_them = next(iter(self.replicas.values()))
        return drawn_recipe(recipe_of(self.arm, self.settings), any_of_them.hyperparameters)

    def tasks_of(self, key: str) -> tuple[str, ...]:
        """Return the names of the tasks that the replica ``key`` learns."""
        task = self.replicas[key].task
        return self.tasks if task is None else (task,)

    def by_tasks(self) -> dict[tuple[str, ...], Shard]:
        """Return the shard in parts, by the tasks that every replica of a part learns."""
        members: dict[tuple[str, ...], dict[str, Replica]] = {}
        for key, replica in self.replicas.items():
            members.setdefault(self.tasks_of(key), {})[key] = replica
        return {tasks: replace(self, tasks=tasks, replicas=part) for tasks, part in members.items()}


def shards_of(
    replicas: Mapping[str, Replica],
    tasks: tuple[str, ...],
    packing: Packing,
    *,
    until: int,
    settings: TrainingSettings,
) -> Iterator[Shard]:
    """Group replicas by phase, arm, norm and tasks that are alike into shards of nearly equal size.

    Args:
        replicas: by content hash.
        tasks: of the study.
        packing: says which single-task replicas may train together, and how many replicas a shard holds at most.
        until: epochs that they have when their shard is done.
        settings: training settings of the phase.
    """

    @cache
    def learnt(arm: Arm, task: str | None) -> tuple[str, ...]:
        return arm.tasks(tasks) if task is None else packing.company(recipe_of(arm, settings), task)

    groups: dict[tuple[str, Arm, Any, tuple[str, ...]], list[str]] = {}
    for key, replica in replicas.items():
        arm, norm = replica.arm, replica.hyperparameters.get(NORM)
        groups.setdefault((replica.phase, arm, norm, learnt(arm, replica.task)), []).append(key)
    for (phase, arm, _, names), keys in groups.items():
        whole = Shard(phase, arm, names, {key: replicas[key] for key in keys}, until, settings)
        pieces = -(-len(keys) // packing.rows(whole.recipe, whole.tasks_of(keys[0])))
        bounds = [len(keys) * piece // pieces for piece in range(pieces + 1)]
        for start, stop in pairwise(bounds):
            members = {key: replicas[key] for key in keys[start:stop]}
            yield replace(whole, tasks=_learnt_by(members) or names, replicas=members)


def _learnt_by(replicas: Mapping[str, Replica]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(replica.task for replica in replicas.values() if replica.task is not None))
