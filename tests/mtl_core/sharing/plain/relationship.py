"""Hard sharing with a matrix-normal prior over towers and heads, with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from tests.mtl_core.sharing.plain import hard
from tests.mtl_core.sharing.plain.modules import linears


class Plain(hard.Plain):
    """A trunk, towers and heads, and what the prior says of them."""

    def __init__(
        self, tasks: int, inputs: int, classes: int, stages: int, width: int, depth: int,
        relationship_strength: float = 1e-3, covariance_ridge: float = 0.01,
    ) -> None:  # fmt: skip
        super().__init__(tasks, inputs, classes, stages, width, depth)
        self.strength, self.ridge = relationship_strength, covariance_ridge
        self.covariances = [torch.eye(tasks) for _ in range(stages - depth + 1)]

    def layers(self) -> list[Tensor]:
        """For every layer of the tasks' own, the weights as columns ``[p, t]``."""
        own = [[*linears(tower), head] for tower, head in zip(self.towers, self.heads, strict=True)]
        return [torch.stack([layer.weight.flatten() for layer in same], dim=1) for same in zip(*own, strict=True)]

    def penalty(self) -> Tensor:
        """Half the strength times the sum of tr(W Ω⁻¹ Wᵀ)."""
        energies = [
            torch.trace(weight @ torch.linalg.inv(covariance) @ weight.T)
            for weight, covariance in zip(self.layers(), self.covariances, strict=True)
        ]
        return self.strength / 2 * torch.stack(energies).sum()

    @torch.no_grad()
    def update(self) -> None:
        """The covariances after a step."""
        tasks = len(self.heads)
        for place, weight in enumerate(self.layers()):
            estimate = weight.T @ weight / len(weight)
            estimate *= tasks / torch.trace(estimate)
            self.covariances[place] = (1 - self.ridge) * estimate + self.ridge * torch.eye(tasks)

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        super().load(values)
        names = [name for name in values if name.endswith(".covariance")]
        for place, name in enumerate(names):
            self.covariances[place] = values[name][0].clone()
