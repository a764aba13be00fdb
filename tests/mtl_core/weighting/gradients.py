"""Methods that look at gradients, their input, and what they make of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import find
from mtl_core.weighting import GramianStep, GramianWeighting, JacobianStep, JacobianWeighting, State
from tests.mtl_core.worlds import TASKS

ALL = tuple(TASKS.values())
TWO = ALL[:2]

Method = GramianWeighting | JacobianWeighting


def method(name: str, tasks: Sequence[Task] = ALL, **options: Any) -> Any:
    return find("weighting", name).cls(tasks, **options)


def jacobian(rows: int = 3, tasks: int = 4, parameters: int = 23, seed: int = 0) -> Tensor:
    return torch.randn(rows, tasks, parameters, generator=torch.Generator().manual_seed(seed))


def everybody(gradients: Tensor) -> Tensor:
    return torch.ones(gradients.shape[:2], dtype=torch.bool)


def step(
    weighting: Method,
    state: State,
    batches: Sequence[Tensor],
    losses: Tensor | None = None,
    present: Tensor | None = None,
    number: int = 0,
    seeds: Sequence[int] | None = None,
) -> Tensor:
    """The direction of one step, made of as many ``batches`` as the method needs."""
    first = batches[0]
    losses = torch.ones(first.shape[:2]) if losses is None else losses
    present = everybody(first) if present is None else present
    streams = Streams(range(len(first)) if seeds is None else seeds, "weighting").at([number] * len(first))
    if isinstance(weighting, GramianWeighting):
        weights = weighting.weigh(GramianStep(losses, present, state, streams, first @ first.mT))
        return (weights.unsqueeze(1) @ first).squeeze(1)
    return weighting.combine(JacobianStep(losses, present, state, streams, batches[: weighting.batches]))


def unit_rows(*vectors: Sequence[float]) -> Tensor:
    """A Jacobian of one replica (twice, for a lone row is none)."""
    return torch.tensor([vectors, vectors], dtype=torch.get_default_dtype())


def two_quadratics(name: str, noise: float, steps: int, rate: float, **options: Any) -> tuple[Tensor, Tensor]:
    """Where gradient descent on two noisy quadratics ends, and the length of the shortest combination there.

    L_i(x) = ½ (x − c_i)ᵀ D_i (x − c_i); every x where a combination of the two gradients vanishes is stationary.
    """
    generator = torch.Generator().manual_seed(5)
    centres = torch.tensor([[1.0, 0.0], [-1.0, 0.5]])
    curvatures = torch.tensor([[1.0, 0.3], [0.4, 1.5]])
    x = torch.tensor([[2.0, 2.0], [-1.5, -2.0], [0.5, 3.0]])
    weighting = method(name, TWO, **options)
    state = weighting.start(len(x), 2)

    def gradient(noise: float) -> Tensor:
        exact = curvatures * (x.unsqueeze(1) - centres)
        return exact + noise * torch.randn(exact.shape, generator=generator)

    for number in range(steps):
        losses = (curvatures * (x.unsqueeze(1) - centres).square()).sum(dim=2) / 2
        batches = [gradient(noise), gradient(noise)]
        x = x - rate / (1 + number / 200) * step(weighting, state, batches, losses, number=number)
    g1, g2 = gradient(0.0).unbind(1)
    share = ((g2 * (g2 - g1)).sum(1) / (g1 - g2).square().sum(1)).clamp(0, 1).unsqueeze(1)
    return x, (share * g1 + (1 - share) * g2).norm(dim=1)
