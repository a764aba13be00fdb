"""The recipe that the replicas of a fused array have in common, and the configuration of each replica."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Recipe:
    """Settings that the replicas of a fused array have in common.

    It is the fusion key: replicas with equal recipes (and equal tasks) train as rows of one array.

    Args:
        sharing, backbone, weighting, optimiser: names of the architecture, backbone, weighting method and optimiser.
        depth: number of shared stages, 0 … stages; ``None`` where the architecture has no such option.
        stages: number of stages of the backbone.
        width: number of units per stage.
        scale: ``matched`` divides task weights by their sum; ``native`` leaves them as the method gives them.
        gradients: the task gradients whose inner products a weighting method uses: those by all shared ``parameters``,
            by the parameters of the ``last_stage`` that is shared, or by the ``representation`` that all tasks read.
        gramian_rows: number of examples of the batch that estimate the inner products; ``None``: all.
        schedule: schedule of the learning rate over ``epochs``.
        batch_size: number of examples per step.
        epochs: number of passes over the training split.
        patience: number of epochs without a better mean validation skill after which a replica stops; ``None``: never.
        clip_norm: largest norm of a replica's gradient, which is shortened to it; ``None``: not clipped.
        train_fraction: fraction of the training split that is used; the subsets are nested.
        tasks_per_step: number of tasks that are sampled for a step; ``None``: all.
        sampling: the temperature of task sampling: a task's probability is proportional to n^(1/temperature), n being
            its number of training labels; ``uniform`` is an infinite temperature and ``proportional`` is 1.
        probes: number of epochs at whose ends the tasks' gradients are compared, which does not change the training.
        backbone_options, sharing_options, weighting_options: further options of the three classes, by name.
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
    """Configuration of one replica of a fused array.

    Args:
        key: identity of the replica, chosen by the caller.
        seed: seed of the replica; it fixes initialisation, order, dropout and split through named streams.
        hyperparameters: values by name: ``learning_rate``, ``weight_decay``, ``dropout``, and the hyperparameters of
            the architecture and of the weighting method.
        task: the one task that the replica learns, where rows of several tasks that are trained alone share an array;
            ``None``: it learns all tasks of the pool.
    """

    key: str
    seed: int
    hyperparameters: Mapping[str, Any]
    task: str | None = None
