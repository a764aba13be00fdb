"""Counts: whole numbers from 0 up, by Poisson deviance with a log link."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.kinds import KindOfNumbers
from mtl_core.data.task import Task

HIGHEST = 30.0
"""Largest logarithm of a rate over the mean: e³⁰ is 10¹³, and a larger one would overflow before it is learnt away."""


class Count(KindOfNumbers):
    """Whole numbers from 0 up: the mean is m eᶻ for the head's output z, and the loss is Poisson deviance over m.

    loss = 2 (y log(y / eᶻ) − y + eᶻ) for the label over the training mean, y = Y / m: it is 0 for a perfect prediction,
    and its gradient is twice that of the Poisson likelihood over m.

    Source: P. McCullagh & J. A. Nelder, "Generalized linear models", 2nd edition 1989, chapter 6.
    """

    is_centred = False
    likelihood_factor = 0.5
    default_metric = "poisson_deviance"
    metrics = ("poisson_deviance", "mae", "mse", "rmse", "r2", "spearman")

    def labels_in_words(self, task: Task) -> str:
        """Return that they are whole numbers."""
        return "whole numbers from 0 up"

    def admits(self, task: Task, values: Float[Tensor, "*n"]) -> Bool[Tensor, "*n"]:
        """Return which values are whole, and not below 0."""
        return (values >= 0) & (values < torch.inf) & (values == values.round())

    def scale(self, values: Float[Tensor, " n"]) -> float:
        """Return one over the mean; 1 where there is no event at all."""
        mean = float(values.double().nanmean())
        return 1 / mean if mean > 0 else 1.0

    def losses(self, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]) -> Float[Tensor, "r g b"]:
        """Return the Poisson deviance of every example, over the mean."""
        logarithm = outputs.squeeze(2).clamp(max=HIGHEST)
        of_label = torch.where(targets > 0, torch.where(targets > 0, targets, 1.0).log(), 0.0)
        return 2 * (targets * (of_label - logarithm) - targets + logarithm.exp())

    def seen_by_own_loss(
        self, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
    ) -> tuple[Float[Tensor, "r g c b"], Tensor]:
        """Return the logarithm of the predicted rate, and the label, both over the training mean."""
        return outputs.clamp(max=HIGHEST), targets

    def constant(
        self,
        task: Task,
        labels: Float[Tensor, " n *m"],
        weights: Float[Tensor, " n"] | None,
        standards: tuple[Float[Tensor, " m"], Float[Tensor, " m"]],
    ) -> Float[Tensor, " k"]:
        """Return the logarithm of the mean over the training mean, of half an event where there is none."""
        if not len(labels):
            return torch.zeros(1)
        values = labels.double()
        total = values.sum() if weights is None else (weights * values).sum() * len(values) / weights.sum()
        mean = total.clamp(min=0.5) / len(values)
        return (mean * standards[1].double()).log().to(labels).view(1)

    def in_own_unit(
        self, outputs: Float[Tensor, "r g k b"], shift: Float[Tensor, "r g k 1"], scale: Float[Tensor, "r g k 1"]
    ) -> Float[Tensor, "r g k b"]:
        """Return the predicted means."""
        return outputs.clamp(max=HIGHEST).exp() / scale

    def prediction(
        self, task: Task, outputs: Float[Tensor, "k b"], standards: tuple[Tensor, Tensor], logits: bool
    ) -> Tensor:
        """Return the predicted means."""
        return outputs[0].clamp(max=HIGHEST).exp() / standards[1]
