"""Regression: numbers, or vectors of them, by squared error."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.kinds import KindOfNumbers
from mtl_core.data.numeric_errors import errors, mean_of_vector
from mtl_core.data.task import Task


class Regression(KindOfNumbers):
    """Numbers that measure, by the squared error of the standardised target; of a vector the mean over its numbers."""

    is_centred = True
    likelihood_factor = 0.5
    default_metric = "mse"

    def losses(self, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]) -> Float[Tensor, "r g b"]:
        """Return the squared error of every example."""
        return mean_of_vector(torch.square(errors(outputs, targets)))

    def constant(
        self,
        task: Task,
        labels: Float[Tensor, " n *m"],
        weights: Float[Tensor, " n"] | None,
        standards: tuple[Float[Tensor, " m"], Float[Tensor, " m"]],
    ) -> Float[Tensor, " k"]:
        """Return the standardised mean, which is 0 without weights."""
        if weights is None or not len(labels):
            return torch.zeros(task.num_targets)
        mean = torch.tensordot(weights, labels.double(), dims=1) / weights.sum()
        shift, scale = standards
        return (mean.to(labels).nan_to_num(0.0).view(-1) - shift) * scale

    def in_own_unit(
        self, outputs: Float[Tensor, "r g k b"], shift: Float[Tensor, "r g k 1"], scale: Float[Tensor, "r g k 1"]
    ) -> Float[Tensor, "r g k b"]:
        """Return the outputs without their standardisation."""
        return outputs / scale + shift

    def prediction(
        self, task: Task, outputs: Float[Tensor, "k b"], standards: tuple[Tensor, Tensor], logits: bool
    ) -> Tensor:
        """Return predictions in the target's own unit."""
        shift, scale = standards
        predictions = outputs.T / scale + shift
        return predictions if task.num_targets > 1 else predictions.squeeze(1)
