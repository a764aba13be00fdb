"""GradVac: gradient vaccine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, LogUniform
from mtl_core.weighting import GramianStep, GramianWeighting, State
from mtl_core.weighting.solvers.gradient_surgery import (
    corrected_coefficients,
    correcting_pairs,
    norms_and_cosines,
    random_order,
    total_weights,
)

_HIGHEST = 0.98
"""Largest target cosine.  A correction towards it lengthens a gradient up to 5 times; one towards 1 has no bound."""


class GradVac(GramianWeighting):
    """Task gradients are turned towards one another until their cosines reach moving averages of past cosines.

    g_i' starts as g_i; for each j ≠ i in random order, with φ = cos(g_i', g_j) and the target φ̂_ij:
    if φ < φ̂_ij: g_i' ← g_i' + ‖g_i'‖ (φ̂_ij √(1−φ²) − φ √(1−φ̂_ij²)) / (‖g_j‖ √(1−φ̂_ij²)) · g_j,
    after which cos(g_i', g_j) = φ̂_ij; then φ̂_ij ← (1−β) φ̂_ij + β φ.  The direction is Σ_i g_i' = Σ_j w_j g_j.  At
    φ̂ = 0, where it starts, the correction is PCGrad's.

    Source: Z. Wang, Y. Tsvetkov, O. Firat & Y. Cao, "Gradient vaccine: investigating and improving multi-task
    optimization in massively multilingual models", ICLR 2021.

    Differs from the paper: targets are at most 0.98, since no finite correction leads to a cosine of 1; there is
    one target for all shared parameters, not one per layer; pairs of which a task is absent or has no gradient keep
    their target.

    Args:
        beta: β, the share of the newest cosine in the target.
    """

    def __init__(
        self, tasks: Sequence[Task], *, beta: Annotated[float, LogUniform(1e-3, 1.0), Domain(least=0, most=1)] = 1e-2
    ) -> None:
        super().__init__(tasks)
        self.beta = beta

    def start(self, replicas: int, shared: int = 0) -> State:
        return {"target": torch.zeros(replicas, len(self.tasks), len(self.tasks))}

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        norms, cosines = norms_and_cosines(step.gramian)
        order = random_order(self.tasks, step.streams).to(step.gramian.device)
        pairs = correcting_pairs(norms, step.present)
        target, met = step.state["target"], []
        wanted = target.clamp(max=_HIGHEST)
        slant = wanted / (1 - wanted.square()).clamp(min=0).sqrt()

        def correction(
            product: Float[Tensor, "r t 1"], square: Float[Tensor, "r t 1"], partner: Int[Tensor, "r t 1"]
        ) -> Float[Tensor, "r t 1"]:
            norm = square.sqrt()
            cosine = (product / torch.where(norm == 0, 1.0, norm)).clamp(-1, 1)
            met.append(cosine)
            amount = norm * (slant.gather(2, partner) * (1 - cosine.square()).sqrt() - cosine)
            return torch.where(cosine >= wanted.gather(2, partner), 0.0, amount)

        coefficients = corrected_coefficients(cosines, order, pairs, correction)
        newest = torch.zeros_like(target).scatter(2, order, torch.cat(met, dim=2))
        beta = (self.beta * torch.ones_like(norms)).unsqueeze(2)
        target.copy_(torch.where(pairs, (1 - beta) * target + beta * newest, target))
        return total_weights(coefficients, norms, step.present)
