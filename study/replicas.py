"""A replica: one training run, and the content hash that is its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtl_core import ENGINE_VERSION
from study.arms import Arm


@dataclass(frozen=True)
class Budget:
    """What a replica may spend, and everything else that all replicas of a phase have in common.

    Args:
        epochs: passes over the training split; also the horizon of the learning-rate schedule.
        batch_size: examples per step.
        patience: epochs without a better mean validation skill before a replica stops; ``None``: never.
        schedule: ``cosine`` or ``constant``.
        backbone_options: dials of the backbone that are not factors (norm, residual, activation).
    """

    epochs: int
    batch_size: int
    patience: int | None
    schedule: str
    backbone_options: Mapping[str, Any]


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
            "budget": {**budget.__dict__, "backbone_options": dict(budget.backbone_options)},
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
