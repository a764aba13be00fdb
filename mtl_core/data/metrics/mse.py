"""Mean squared error."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.metrics import MeanMetric
from mtl_core.data.numeric_errors import errors, mean_of_vector
from mtl_core.data.task import Task


class Mse(MeanMetric):
    """Mean squared error; its skill is the share of variance explained."""

    kinds = ("regression",)
    perfect = 0.0
    judges_vectors = True
    squares_errors = True

    def scores(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
    ) -> Float[Tensor, "r g b"]:
        """Return every example's squared error, of a vector the mean over its numbers."""
        return mean_of_vector(torch.square(errors(outputs, targets)))
