"""Preprocessing that is fitted on a training split: scales of inputs and targets, and the best constant predictions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.constants import Constant, fitted_constant
from mtl_core.data.example_weights import table_of_classes, weights_in_loss
from mtl_core.data.kinds import KindOfNumbers, kind_named
from mtl_core.data.metrics import metric_named
from mtl_core.data.splits import nested_subset, split
from mtl_core.data.target_columns import columns_of, targets_of
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development
from mtl_core.errors import UserError
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.randomness.seeding import generator

ROUNDING = 1e-12
"""A deviation below this share of the mean is what summing in float64 leaves of equal float32 numbers."""


@dataclass(frozen=True)
class Preparation:
    """Split and preprocessing of the pool for one seed.

    Args:
        train, validation: positions in the pool of the examples with at least one label, which counts in the loss
            or in the metric.  Whatever is fitted on the training split takes a label of weight 0 for a missing one.
        probe: part of the training split, as large as the validation split, on which training loss is evaluated.
        input_shift, input_scale: applied to raw inputs as (x − shift) · scale; missing values become 0.
        target_shift, target_scale: the same for targets; 0 and 1 for classes.  A vector has one scale for all of its
            numbers, the root of their mean variance: predicting its mean has loss 1, as for a single number, and a
            number that hardly varies is not magnified.
        constants: best constant outputs (logits, or standardised targets) for loss and for the metric, by task.
        trivial_loss, trivial_metric: loss and metric of these constants on the validation split.
        trivial_train_loss: their loss on ``probe``.
        num_train, num_validation: labelled examples by task that count in the loss, or in the metric.
        class_weights: of every class in the loss of each task, as :func:`table_of_classes` returns them.
        mean_weight: mean weight of each task's training labels in the loss; ``None``: all weigh the same.
        weights_judge: whether the examples' weights count in metrics, too.
    """

    train: Int[Tensor, " n"]
    validation: Int[Tensor, " v"]
    probe: Int[Tensor, " q"]
    input_shift: Float[Tensor, " d"]
    input_scale: Float[Tensor, " d"]
    target_shift: Float[Tensor, " c"]
    target_scale: Float[Tensor, " c"]
    constants: tuple[Constant, ...]
    trivial_loss: Float[Tensor, " t"]
    trivial_metric: Float[Tensor, " t"]
    trivial_train_loss: Float[Tensor, " t"]
    num_train: Int[Tensor, " t"]
    num_validation: Int[Tensor, " t"]
    class_weights: Float[Tensor, "t k"] | None = None
    mean_weight: Float[Tensor, " t"] | None = None
    weights_judge: bool = False


def prepare(development: Development, seed: int, train_fraction: float = 1.0) -> Preparation:
    """Split the pool by ``seed`` and fit the preprocessing on the training part alone.

    Args:
        development: the pool and its tasks.
        seed: of the split.
        train_fraction: share of the training split that is used, above 0 and up to 1.

    Raises:
        UserError: when the training or the validation split has no label, or a share is out of range.
    """
    examples, tasks = development.examples, development.tasks
    train, validation = split(development, seed)
    train = nested_subset(train, train_fraction, seed)
    learnt, columns = development.targets_in_loss, columns_of(tasks)
    trains, judges = development.labels_in_loss, development.labels_in_metric
    train, validation = train[trains[train].any(dim=1)], validation[judges[validation].any(dim=1)]
    for part, name, use in ((train, "training", "train"), (validation, "validation", "validate")):
        if not len(part):
            names = ", ".join(repr(task.name) for task in tasks)
            found = f"has no label of {names}" + " that counts" * (examples.weights is not None) + "."
            raise UserError(f"{name} split of seed {seed}", found, f"Label more, or {use} on more.")
    shuffled = train[torch.randperm(len(train), generator=generator(seed, "probe"))]
    input_shift, input_scale = _input_standards(development, examples.inputs[train])
    target_shift, target_scale = target_standards(tasks, learnt[train])
    table = table_of_classes(tasks, learnt[train])
    in_loss = weights_in_loss(tasks, examples.targets, examples.weights, table)
    in_metric = examples.weights if development.weights_judge else None

    def labels_at(places: Int[Tensor, " m"], targets: Float[Tensor, "n c"]) -> list[_Labels]:
        return [
            _Labels(targets_of(targets[places], mine), _own(in_loss, places, task), _own(in_metric, places, task))
            for task, mine in enumerate(columns)
        ]

    constants = tuple(
        fitted_constant(task, known.targets, (target_shift[[*mine]], target_scale[[*mine]]), known.weights)
        for task, mine, known in zip(tasks, columns, labels_at(train, learnt), strict=True)
    )
    probe = shuffled[: len(validation)].sort().values
    held_out = list(zip(constants, labels_at(validation, examples.targets), strict=True))
    fitted = zip(constants, labels_at(probe, learnt), strict=True)
    return Preparation(
        train=train,
        validation=validation,
        probe=probe,
        input_shift=input_shift,
        input_scale=input_scale,
        target_shift=target_shift,
        target_scale=target_scale,
        constants=constants,
        trivial_loss=torch.tensor([one.loss(known.targets, known.in_loss) for one, known in held_out]),
        trivial_metric=torch.tensor([one.metric(known.targets, known.in_metric) for one, known in held_out]),
        trivial_train_loss=torch.tensor([one.loss(known.targets, known.in_loss) for one, known in fitted]),
        num_train=trains[train].sum(dim=0),
        num_validation=judges[validation].sum(dim=0),
        class_weights=table,
        mean_weight=None if in_loss is None else _mean_weight(in_loss[train], trains[train]),
        weights_judge=development.weights_judge,
    )


@dataclass(frozen=True)
class _Labels:
    """Labels of one task in a part of the pool, and their weights in the loss and in the metric; ``None``: none."""

    targets: Float[Tensor, " m *k"]
    in_loss: Float[Tensor, " m"] | None
    in_metric: Float[Tensor, " m"] | None

    @property
    def weights(self) -> tuple[Float[Tensor, " m"] | None, Float[Tensor, " m"] | None]:
        return self.in_loss, self.in_metric


def _own(weights: Float[Tensor, "n t"] | None, examples: Int[Tensor, " m"], task: int) -> Float[Tensor, " m"] | None:
    return None if weights is None else weights[examples, task]


def _mean_weight(weights: Float[Tensor, "n t"], labelled: Bool[Tensor, "n t"]) -> Float[Tensor, " t"]:
    """Mean over each task's labels; 1 for a task of which none has a weight above 0."""
    total = torch.where(labelled, weights, 0.0).double().sum(dim=0)
    return torch.where(total > 0, total / labelled.sum(dim=0).clamp(min=1), 1.0).to(weights)


def skill(tasks: tuple[Task, ...], metric: Float[Tensor, "r t"], trivial: Float[Tensor, "r t"]) -> Float[Tensor, "r t"]:
    """Return the skill score (m − m_trivial) / (m_perfect − m_trivial) of every row and task.

    It is 0 for the best constant prediction, 1 for a perfect one, and NaN where a constant is perfect.

    Source: A. Murphy, "Skill scores based on the mean square error …", Monthly Weather Review 116, 1988.

    Args:
        tasks: with their metrics.
        metric: of the predictions.
        trivial: metric of the best constant predictions.
    """
    perfect = _perfect(tuple(task.metric for task in tasks)).like(metric)
    room = perfect - trivial
    return (metric - trivial) / torch.where(room == 0, torch.nan, room)


@cache
def _perfect(metrics: tuple[str, ...]) -> FixedTensor:
    return FixedTensor([metric_named(name).perfect for name in metrics])


def _input_standards(
    development: Development, inputs: Float[Tensor, "n d"]
) -> tuple[Float[Tensor, " d"], Float[Tensor, " d"]]:
    """Shift and scale by column, or the same for all pixels of a channel."""
    if not (development.scale_by_channel and development.image):
        return _standards(inputs, development.standardise)
    channels, pixels = development.image[0], math.prod(development.image[1:])
    pooled = inputs.reshape(len(inputs), channels, pixels).transpose(1, 2).reshape(-1, channels)
    shift, scale = _standards(pooled, torch.ones(channels, dtype=torch.bool))
    return shift.repeat_interleave(pixels), scale.repeat_interleave(pixels)


def _standards(values: Float[Tensor, "n d"], chosen: Tensor) -> tuple[Float[Tensor, " d"], Float[Tensor, " d"]]:
    """Shift and scale by column: mean and 1/deviation where chosen, else 0 and 1; scale 0 for a constant column."""
    exact = values.double()
    mean = exact.nanmean(dim=0).nan_to_num(0.0)
    deviation = (exact - mean).square().nanmean(dim=0).nan_to_num(0.0).sqrt()
    varies = deviation > ROUNDING * mean.abs()
    scale = torch.where(chosen, 1 / torch.where(varies, deviation, 1.0), 1.0)
    return torch.where(chosen, mean, 0.0).to(values), torch.where(varies, scale, 0.0).to(values)


def target_standards(
    tasks: Sequence[Task], targets: Float[Tensor, "n c"]
) -> tuple[Float[Tensor, " c"], Float[Tensor, " c"]]:
    """Return shift and scale by column: 0 and 1 for classes, one scale for all numbers of a vector.

    Args:
        tasks: in the order of their columns.
        targets: NaN where a number is missing.
    """
    kinds = [kind_named(task.kind) for task in tasks for _ in range(task.num_targets)]
    centred = [isinstance(kind, KindOfNumbers) and kind.is_centred for kind in kinds]
    shift, scale = _standards(targets, torch.tensor(centred))
    for column, kind in enumerate(kinds):
        if isinstance(kind, KindOfNumbers) and not kind.is_centred:
            scale[column] = kind.scale(targets[:, column])
    for task, mine in zip(tasks, columns_of(tasks), strict=True):
        if task.num_targets > 1:
            own = scale[[*mine]]
            variance = torch.where(own > 0, own, torch.inf).double().square().reciprocal().mean()
            scale[[*mine]] = variance.rsqrt().to(scale) if variance > 0 else 0.0
    return shift, torch.where(scale == 0, 1.0, scale)  # a constant target must stay predictable
