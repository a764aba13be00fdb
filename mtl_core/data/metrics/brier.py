"""The Brier score: squared error of the predicted probabilities."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.metrics import MeanMetric
from mtl_core.data.task import Task


class Brier(MeanMetric):
    """Mean squared error of predicted probabilities: of the second class of two, or summed over more classes.

    Source: G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950.
    """

    kinds = ("binary", "multiclass")
    perfect = 0.0

    def scores(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g b"]:
        """Return every example's squared error of probabilities."""
        if task.kind == "binary":
            # ½(1 + tanh(z/2)) is the sigmoid, with bits that do not depend on the place in the array
            return torch.square(0.5 * (1 + torch.tanh(0.5 * outputs.squeeze(2))) - targets)
        classes = torch.arange(task.num_classes, device=outputs.device).view(1, 1, -1, 1)
        truth = (targets.unsqueeze(2) == classes).to(outputs)  # unlike one_hot, this asks no device for numbers
        return torch.square(outputs.softmax(dim=2) - truth).sum(dim=2)
