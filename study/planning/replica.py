"""A replica: one training run, and the content hash that is its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mtl_core import ENGINE_VERSION
from mtl_core.recipe import Recipe
from mtl_core.task_tree import Tree
from study.planning.arm import BRANCH, INDEPENDENT, SINGLE_TASK, Arm


@dataclass(frozen=True)
class Budget:
    """What a replica may spend, and everything else that all replicas of a phase have in common.

    Args:
        epochs: passes over the training split; also the horizon of the learning-rate schedule.
        batch_size: examples per step.
        patience: epochs without a better mean validation skill before a replica stops; ``None``: never.
        schedule: ``cosine`` or ``constant``.
        backbone_options: options of the backbone that are not factors (norm, residual, activation).
        sharing_options: options of architectures that are not tuned (experts, rank, …), by architecture.
        weighting_options: the same for weighting methods.
        tasks_per_step: tasks that a step of a multi-task arm samples; ``None``: all.
        sampling: ``uniform``, ``proportional``, or a temperature.
        trees: of ``branch`` by number of stages, where they are found by affinity; they count like trees that are
            written out in ``sharing_options``.
        probes: moments at which the tasks' gradients are compared.
    """

    epochs: int
    batch_size: int
    patience: int | None
    schedule: str
    backbone_options: Mapping[str, Any] = field(default_factory=dict)
    sharing_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    weighting_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tasks_per_step: int | None = None
    sampling: str | float = "uniform"
    trees: Mapping[int, Tree] = field(default_factory=dict)
    probes: int = 0

    def content(self, arm: Arm) -> dict[str, Any]:
        """What of it decides the results of an arm, its record included.

        Probes are left out where there are none: they change no number, and arms that share nothing are not probed.
        """
        sharing_options = dict(self.sharing_options.get(arm.sharing, {}))
        if arm.sharing == BRANCH and self.trees:
            sharing_options["tree"] = self.trees[arm.stages]
        content = self.__dict__ | {
            "backbone_options": dict(self.backbone_options),
            "sharing_options": sharing_options,
            "weighting_options": dict(self.weighting_options.get(arm.weighting, {})),
        }
        del content["trees"]
        if self.probes == 0 or arm.sharing in (SINGLE_TASK, INDEPENDENT):
            del content["probes"]
        return content


@dataclass(frozen=True)
class Replica:
    """An arm at one draw with one seed in one phase; of a single-task arm also the task."""

    arm: Arm
    draw: int
    seed: int
    phase: str
    hyperparameters: Mapping[str, Any]
    task: str | None = None

    def key(self, fingerprint: str, budget: Budget) -> str:
        """The content hash: equal for two runs if, and only if, they train the same thing."""
        content = {
            "engine": ENGINE_VERSION,
            "data": fingerprint,
            "arm": self.arm.levels(),
            "draw": self.draw,
            "seed": self.seed,
            "phase": self.phase,
            "hyperparameters": dict(self.hyperparameters),
            "task": self.task,
            "budget": budget.content(self.arm),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


SHARD_SIZE = 16
"""Replicas a shard: on a processor arrays of 4 to 16 take all that fusion gives; larger ones leave its cache."""


def recipe_of(arm: Arm, budget: Budget) -> Recipe:
    """The fusion key of an arm's replicas."""
    levels = {factor: level for factor, level in arm.levels().items() if factor != "capacity"}
    return Recipe(**levels, **budget.content(arm))
