"""Poisson deviance: the metric of counts."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.metrics import MeanMetric
from mtl_core.data.task import Task

LEAST = 1e-3
"""Smallest mean that a prediction stands for: one at or below 0 would cost an infinite deviance."""


class PoissonDeviance(MeanMetric):
    """Mean of 2 (y log(y / μ) − y + μ) for counts y ≥ 0 and predicted means μ, which are at least 0.001.

    Source: P. McCullagh & J. A. Nelder, "Generalized linear models", 1989, section 2.3.
    """

    kinds = ("regression",)
    perfect = 0.0
    judges_negative = False

    def scores(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g b"]:
        """Return every example's deviance."""
        mean = outputs.squeeze(2).clamp(min=LEAST)
        return 2 * (torch.xlogy(targets, targets / mean) - targets + mean)
