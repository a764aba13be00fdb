"""Metrics of predictions: one score per example, whose mean is the metric.

A new metric needs a function here and an entry in ``METRICS``, and its name in :mod:`mtl_core.data.task`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.losses import errors, example_losses, mean_of_vector
from mtl_core.data.task import Task

Scores = Callable[[Task, Tensor, Tensor], Tensor]


def _accuracy(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    guess = outputs.argmax(dim=2) if task.kind == "multiclass" else outputs.squeeze(2) > 0
    return (guess == targets).to(outputs.dtype)


def _brier(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    if task.kind == "binary":
        # ½(1 + tanh(z/2)) is the sigmoid, with bits that do not depend on the place in the array
        return torch.square(0.5 * (1 + torch.tanh(0.5 * outputs.squeeze(2))) - targets)
    truth = torch.nn.functional.one_hot(targets.long(), task.num_classes).movedim(-1, 2)
    return torch.square(outputs.softmax(dim=2) - truth).sum(dim=2)


def _log_loss(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    return example_losses(task.kind, outputs, targets)


def _mse(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    return mean_of_vector(torch.square(errors(outputs, targets)))


def _mae(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    return mean_of_vector(errors(outputs, targets).abs())


METRICS: dict[str, Scores] = {
    "accuracy": _accuracy,
    "brier": _brier,
    "log_loss": _log_loss,
    "mse": _mse,
    "mae": _mae,
}


def example_scores(
    task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
) -> Float[Tensor, "r g b"]:
    """Return every example's score under the task's metric.

    Args:
        task: with the metric.
        outputs: logits, or predictions in the target's own unit.
        targets: class numbers, or targets in their own unit (a vector's numbers before the examples), without NaN.
    """
    return METRICS[task.metric](task, outputs, targets)
