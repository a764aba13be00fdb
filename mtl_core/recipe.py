"""The recipe that the replicas of a fused array have in common, and the configuration of each replica."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, Literal, get_args

from mtl_core.errors import UserError, nearest

Scale = Literal["matched", "native"]
Gradients = Literal["parameters", "last_stage", "representation"]
OptimiserName = Literal["adamw", "sgd"]
Schedule = Literal["cosine", "constant"]
Precision = Literal["float32", "tf32", "bf16"]
TaskSampling = Literal["uniform", "proportional"]

_CHOICES = {
    "scale": get_args(Scale),
    "gradients": get_args(Gradients),
    "optimiser": get_args(OptimiserName),
    "schedule": get_args(Schedule),
    "precision": get_args(Precision),
}
_SMALLEST = {"stages": 0, "width": 1, "batch_size": 1, "epochs": 1, "probes": 0}
_SMALLEST_UNLESS_NONE = {"gramian_rows": 1, "patience": 1, "tasks_per_step": 1}


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
        precision: precision of the network's matrix products and convolutions: ``float32``; ``tf32``, on a GPU only,
            whose factors have 11 significant bits; or ``bf16``, whose factors are rounded to bfloat16 and have 8, in
            the layers of this package.  Sums, losses, inner products of gradients and the optimiser are float32.
        train_fraction: fraction of the training split that is used; the subsets are nested.
        tasks_per_step: number of tasks that are sampled for a step; ``None``: all.
        sampling: the temperature of task sampling: a task's probability is proportional to n^(1/temperature), n being
            its number of training labels; ``uniform`` is an infinite temperature and ``proportional`` is 1.
        probes: number of epochs at whose ends the tasks' gradients are compared, which does not change the training.
        backbone_options, sharing_options, weighting_options: further options of the three classes, by name.

    Raises:
        UserError: when a setting is none that there is, or a number is out of its range.
    """

    sharing: str = "hard"
    depth: int | None = None
    backbone: str = "mlp"
    stages: int = 3
    width: int = 64
    weighting: str = "equal"
    scale: Scale = "matched"
    gradients: Gradients = "parameters"
    gramian_rows: int | None = None
    optimiser: OptimiserName = "adamw"
    schedule: Schedule = "cosine"
    batch_size: int = 64
    epochs: int = 30
    patience: int | None = None
    clip_norm: float | None = None
    precision: Precision = "float32"
    train_fraction: float = 1.0
    tasks_per_step: int | None = None
    sampling: TaskSampling | float = "uniform"
    probes: int = 0
    backbone_options: Mapping[str, Any] = field(default_factory=dict)
    sharing_options: Mapping[str, Any] = field(default_factory=dict)
    weighting_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what training would take for something else; names of entries are the registry's to judge."""
        for name, names in _CHOICES.items():
            _check_name(name, getattr(self, name), names)
        for name, smallest in _SMALLEST.items():
            _check_whole(name, getattr(self, name), smallest)
        for name, smallest in _SMALLEST_UNLESS_NONE.items():
            if getattr(self, name) is not None:
                _check_whole(name, getattr(self, name), smallest, " or None")
        if self.clip_norm is not None and not (_is_number(self.clip_norm) and self.clip_norm > 0):
            raise _refusal("clip_norm", self.clip_norm, "Write a number above 0, or None.")
        if not (_is_number(self.train_fraction) and 0 < self.train_fraction <= 1):
            raise _refusal("train_fraction", self.train_fraction, "Write a fraction above 0, 1 at most.")
        if not _is_number(self.sampling):
            _check_name("sampling", self.sampling, get_args(TaskSampling))
        elif not float(self.sampling) > 0:
            raise _refusal("sampling", self.sampling, "Write a temperature above 0.")


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


def _check_name(setting: str, value: Any, names: tuple[str, ...]) -> None:
    if value not in names:
        raise _refusal(setting, value, nearest(str(value), names))


def _check_whole(setting: str, value: Any, smallest: int, otherwise: str = "") -> None:
    if isinstance(value, bool) or not isinstance(value, (int, Integral)) or value < smallest:
        raise _refusal(setting, value, f"Write a whole number from {smallest}{otherwise}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, (float, Real)) and not isinstance(value, bool) and math.isfinite(value)


def _refusal(setting: str, value: Any, remedy: str) -> UserError:
    return UserError(f"recipe: {setting}", f"it is {value!r}.", remedy)
