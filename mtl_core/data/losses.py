"""What training minimises: a loss per example, class-major, for every kind of task."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cross_entropy

from mtl_core.data.task import Kind


def example_losses(
    kind: Kind, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
) -> Float[Tensor, "r g b"]:
    """Squared error on standardised targets (of a vector: the mean over its k numbers), or cross entropy in nats.

    ``targets`` are ``[r, g, k, b]`` for vectors, else ``[r, g, b]``, and hold no NaN.
    """
    if kind == "regression":
        return mean_of_vector(torch.square(errors(outputs, targets)))
    if kind == "binary":
        # two classes with logits 0 and z: the kernels of binary cross entropy round an odd array's tail differently
        outputs = torch.cat([torch.zeros_like(outputs), outputs], dim=2)
    classes = targets.flatten(0, 1).long()
    return cross_entropy(outputs.flatten(0, 1), classes, reduction="none").view(targets.shape)


def errors(
    outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
) -> Float[Tensor, "r g b"] | Float[Tensor, "r g k b"]:
    """Predictions minus targets, of single numbers or of vectors."""
    return (outputs if targets.ndim == outputs.ndim else outputs.squeeze(2)) - targets


def mean_of_vector(values: Float[Tensor, "r g *k b"]) -> Float[Tensor, "r g b"]:
    """The mean over the numbers of a vector; a single number as it is."""
    return values.mean(dim=2) if values.ndim > 3 else values


def label_means(values: Float[Tensor, "r t b"], labelled: Tensor | None) -> Float[Tensor, "r t"]:
    """Means over the labelled examples; exactly 0, with no gradient, where there is none.

    ``labelled`` is a mask ``[r, t, b]`` or ``None`` where every example has every label.  Masked values are selected
    away rather than multiplied by zero, so that a NaN there reaches neither value nor gradient.
    """
    if labelled is None:
        return values.mean(dim=2)
    return torch.where(labelled, values, 0.0).sum(dim=2) / labelled.sum(dim=2).clamp(min=1)
