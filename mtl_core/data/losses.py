"""Training losses: one loss per example for every kind of task, and their means over labelled examples."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.kinds import kind_named
from mtl_core.data.own_losses.own_loss import own_losses
from mtl_core.data.task import Kind


def example_losses(
    kind: Kind, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"], own: str | None = None
) -> Float[Tensor, "r g b"]:
    """Return each example's training loss, as its kind in :mod:`mtl_core.data.kinds` or the user's function says.

    Args:
        kind: of the task.
        outputs: predictions, or logits.
        targets: ``[r, g, k, b]`` for vectors, else ``[r, g, b]``, without NaN.
        own: path of the user's function; ``None``: the kind's own loss.
    """
    rules = kind_named(kind)
    if own is None:
        return rules.losses(outputs, targets)
    return own_losses(own, *rules.seen_by_own_loss(outputs, targets), classes=rules.has_classes)


def weighted(values: Float[Tensor, "r t b"], weights: Float[Tensor, "r t b"] | None) -> Float[Tensor, "r t b"]:
    """Return the values times their weights; ``None``: the values themselves."""
    return values if weights is None else values * weights


def label_means(values: Float[Tensor, "r t b"], labelled: Tensor | None) -> Float[Tensor, "r t"]:
    """Return the mean of each task's values over its labelled examples; exactly 0, without gradient, if none is.

    Values of unlabelled examples are replaced by ``torch.where`` and not multiplied by zero, so that a NaN there
    reaches neither the mean nor the gradient.

    Args:
        values: one for every example and task.
        labelled: mask ``[r, t, b]``; ``None``: every example has every label.
    """
    if labelled is None:
        return values.mean(dim=2)
    return torch.where(labelled, values, 0.0).sum(dim=2) / labelled.sum(dim=2).clamp(min=1)
