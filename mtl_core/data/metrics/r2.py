"""The coefficient of determination."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.metrics import Metric
from mtl_core.data.metrics.statistics.sums import mean_of, ratio
from mtl_core.data.task import Task


class R2(Metric):
    """Share of the judged examples' variance that is explained: 1 − Σ (y − ŷ)² / Σ (y − ȳ)².

    NaN where all labels are equal.
    """

    kinds = ("regression",)
    perfect = 1.0

    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the prediction and the target of every example."""
        return torch.stack([outputs.squeeze(2), targets], dim=2)

    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the share of each set of examples."""
        predicted, true = (part.double() for part in kept.unbind(dim=-2))
        error = mean_of((predicted - true).square(), counted)
        variance = mean_of((true - mean_of(true, counted).unsqueeze(-1)).square(), counted)
        return (1 - ratio(error, variance)).to(kept)

    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return the derivative with respect to every example's weight."""
        predicted, true = kept.double()
        error, spread = (predicted - true).square(), (true - true.mean()).square()
        share = error.mean() / spread.mean()
        return (share * (spread - spread.mean()) - (error - error.mean())) / spread.mean()
