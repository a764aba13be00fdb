"""The class that a network predicts, the best one to predict always, and how often classes meet."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.kinds import kind_of_classes
from mtl_core.data.task import Task


def predicted_class(task: Task, outputs: Float[Tensor, "r g k b"]) -> Float[Tensor, "r g b"]:
    """Return the number of the class that is predicted for every example: the most probable one, or the median."""
    return kind_of_classes(task.kind).predicted(outputs)


REST = 0.01
"""Probability that outputs which are all but certain of one class leave to all others together."""


def certain(task: Task, number: int) -> Float[Tensor, " k"]:
    """Return outputs that give class ``number`` nearly all of the probability, and the others the rest alike."""
    shares = torch.full((task.num_classes,), REST / (task.num_classes - 1), dtype=torch.float64)
    shares[number] = 1 - REST
    return kind_of_classes(task.kind).of_shares(shares).float()


def totals_of_classes(
    task: Task, labels: Float[Tensor, " n"], weights: Float[Tensor, " n"] | None
) -> Float[Tensor, " c"]:
    """Return the number of labels of every class, or their weight, in float64."""
    return torch.bincount(labels.long(), weights, minlength=task.num_classes).double()


def of_best_class(task: Task, worth: Float[Tensor, " c"], usual: Float[Tensor, " k"]) -> Float[Tensor, " k"]:
    """Return constant outputs that predict the class of the most worth.

    Args:
        task: what is predicted.
        worth: of every class, where it is predicted for all examples.
        usual: constant outputs, which are returned where no class is worth more than the one that they predict.
    """
    predicted = int(predicted_class(task, usual.view(1, 1, -1, 1)).item())
    best = int(worth.argmax())
    return certain(task, best).to(usual) if worth[best] > worth[predicted] else usual


def predicted_and_true(
    task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
) -> Float[Tensor, "r g 2 b"]:
    """Return the predicted and the true class of every example."""
    return torch.stack([predicted_class(task, outputs), targets.to(outputs.dtype)], dim=2)


def confusion(task: Task, kept: Float[Tensor, "*a 2 n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a k k"]:
    """Return the number of counted examples by predicted and true class, [predicted true] in float64."""
    classes, sets = task.num_classes, counted.shape[:-1]
    predicted, true = (part.nan_to_num(0.0).long() for part in kept.unbind(dim=-2))
    first = torch.arange(sets.numel(), device=kept.device).view(*sets, 1) * classes**2
    cells = sets.numel() * classes**2
    cell = torch.where(counted, first + predicted * classes + true, cells)
    # not torch.bincount, which a GPU has to wait for: the length of its result depends on the largest number
    places = cell.flatten()
    found = torch.zeros(cells + 1, dtype=torch.int64, device=kept.device).index_add_(0, places, torch.ones_like(places))
    return found[:cells].view(*sets, classes, classes).double()


def one_hot(classes: Float[Tensor, " n"], num_classes: int) -> Float[Tensor, "n k"]:
    """Return a 1 in the column of every example's class, in float64."""
    return torch.nn.functional.one_hot(classes.long(), num_classes).double()
