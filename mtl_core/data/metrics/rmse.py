"""Root mean squared error."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.metrics import Metric
from mtl_core.data.metrics.statistics.sums import mean_of
from mtl_core.data.numeric_errors import errors, mean_of_vector
from mtl_core.data.task import Task


class Rmse(Metric):
    """Root of the mean squared error, in the target's own unit."""

    kinds = ("regression",)
    perfect = 0.0
    judges_vectors = True
    squares_errors = True

    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the squared error of every example, of a vector the mean over its numbers."""
        return mean_of_vector(torch.square(errors(outputs, targets))).unsqueeze(2)

    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the root of each set's mean squared error."""
        return mean_of(kept[..., 0, :], counted).sqrt().to(kept)

    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return the derivative with respect to every example's weight; 0 where all predictions are perfect."""
        squares = kept[0].double()
        root = squares.mean().sqrt()
        return (squares - squares.mean()) / (2 * root) if root > 0 else torch.zeros_like(squares)
