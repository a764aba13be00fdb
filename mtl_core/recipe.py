"""What the replicas of a fused array have in common, and what each has for itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Recipe:
    """The fusion key: replicas with equal recipes (and equal tasks) train as rows of one array.

    Args:
        sharing, backbone, weighting, optimiser: names of the registry.
        depth: number of shared stages, 0 … stages; ``None`` where the architecture has no such option.
        stages: number of stages of the backbone.
        width: units per stage.
        scale: ``matched`` divides task weights by their sum; ``native`` leaves them as the method gives them.
        gradients: where methods that weigh by inner products of task gradients take these: on all shared
            ``parameters``, on those of the ``last_stage`` that is shared, or at the ``representation`` that all read.
        gramian_rows: examples of the batch that the inner products are estimated on; ``None``: all.
        schedule: of the learning rate, over ``epochs``.
        batch_size: examples per step.
        epochs: passes over the training split.
        patience: epochs without a better mean validation skill before a replica stops; ``None``: never.
        clip_norm: longest gradient of a replica; ``None``: not clipped.
        train_fraction: share of the training split that is used; subsets are nested.
        tasks_per_step: tasks that a step samples; ``None``: all.
        sampling: which: each task with probability proportional to n^(1/temperature), n being its training labels;
            ``uniform`` is an infinite temperature and ``proportional`` is 1.
        probes: moments of training at which the tasks' gradients are compared, which does not change it.
        backbone_options, sharing_options, weighting_options: further options of the three classes.
    """

    sharing: str = "hard"
    depth: int | None = None
    backbone: str = "mlp"
    stages: int = 3
    width: int = 64
    weighting: str = "equal"
    scale: Literal["matched", "native"] = "matched"
    gradients: Literal["parameters", "last_stage", "representation"] = "parameters"
    gramian_rows: int | None = None
    optimiser: str = "adamw"
    schedule: Literal["cosine", "constant"] = "cosine"
    batch_size: int = 64
    epochs: int = 30
    patience: int | None = None
    clip_norm: float | None = None
    train_fraction: float = 1.0
    tasks_per_step: int | None = None
    sampling: Literal["uniform", "proportional"] | float = "uniform"
    probes: int = 0
    backbone_options: Mapping[str, Any] = field(default_factory=dict)
    sharing_options: Mapping[str, Any] = field(default_factory=dict)
    weighting_options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReplicaConfig:
    """One replica of a fused array.

    Args:
        key: its identity, chosen by the caller.
        seed: fixes initialisation, order, dropout and split through named streams.
        hyperparameters: ``learning_rate``, ``weight_decay``, ``dropout``, and those of the architecture and of the
            weighting method.
    """

    key: str
    seed: int
    hyperparameters: Mapping[str, Any]
