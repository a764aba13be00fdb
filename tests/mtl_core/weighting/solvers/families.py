"""Task gradients of every kind that a solver must cope with, and what a slow and sure solver makes of them."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor

from mtl_core.randomness.counter_based import Streams
from mtl_core.weighting import GramianStep, GramianWeighting, State
from mtl_core.weighting.solvers.gramian import NormalisedGramian, normalised

SIZES = (2, 5, 10, 40)
FAMILIES = (
    "random",
    "conflicting",
    "near-stationary",
    "ill-scaled",
    "dependent",
    "twice",
    "similar",
    "ill-conditioned",
)
WILD = ("stationary", "opposite", "one line", "a plane", "zero", "one zero", "tiny", "huge", "mixed sizes")


def gradients(family: str, tasks: int, rows: int = 6) -> Tensor:
    """Jacobians ``[rows, tasks, p]`` in float64; of the :data:`WILD` ones not every solver has a solution."""
    generator = torch.Generator().manual_seed(tasks)

    def normal(*shape: int) -> Tensor:
        return torch.randn(rows, *shape, generator=generator, dtype=torch.float64)

    free, sizes = normal(tasks, 3 * tasks), normal(tasks, 1)
    centred = free - free.mean(dim=1, keepdim=True)
    exponents = torch.linspace(-10, 10, tasks, dtype=torch.float64).unsqueeze(1)
    decay = torch.logspace(0, -3, tasks + 1, dtype=torch.float64)
    kinds = {
        "random": free,
        "conflicting": free - 0.9 * free.mean(dim=1, keepdim=True),
        "near-stationary": centred + 1e-3 * normal(1, 3 * tasks),
        "ill-scaled": free * torch.exp(3 * sizes),
        "dependent": torch.cat(
            [free[:, 1:], (free[:, 1:] * normal(tasks - 1, 1).abs()).sum(dim=1, keepdim=True)], dim=1
        ),
        "twice": torch.cat([free[:, :1], free[:, :-1]], dim=1),
        "similar": normal(1, 3 * tasks) + 1e-3 * free,
        "ill-conditioned": normal(tasks, tasks + 1) * decay + 0.1,
        "stationary": centred,
        "opposite": torch.cat([-free[:, 1:2], free[:, 1:]], dim=1),
        "one line": normal(tasks, 1),
        "a plane": normal(tasks, 2),
        "zero": torch.zeros_like(free),
        "one zero": torch.where(torch.arange(tasks).unsqueeze(1) == 1, 0.0, free),
        "tiny": 1e-10 * free,
        "huge": 1e10 * free,
        "mixed sizes": free * torch.exp(np.log(10) * exponents),
    }
    assert tuple(kinds) == FAMILIES + WILD
    return kinds[family]


def everybody(jacobian: Tensor) -> Tensor:
    return torch.ones(jacobian.shape[:2], dtype=torch.bool)


def parts_of(jacobian: Tensor) -> NormalisedGramian:
    return normalised(jacobian @ jacobian.mT, everybody(jacobian))


def asked(weighting: GramianWeighting, jacobian: Tensor, present: Tensor | None = None) -> tuple[Tensor, State]:
    """The weights of a first step, and how often it failed; losses have the Jacobian's precision."""
    present = everybody(jacobian) if present is None else present
    state = weighting.start(len(jacobian))
    losses = torch.ones(jacobian.shape[:2], dtype=jacobian.dtype)
    streams = Streams(range(len(jacobian)), "weighting")
    return weighting.weigh(GramianStep(losses, present, state, streams, jacobian @ jacobian.mT)), state


def directions(weights: Tensor, jacobian: Tensor) -> Tensor:
    return (weights.unsqueeze(1) @ jacobian).squeeze(1)


def shortest(jacobian: Tensor) -> Tensor:
    """The norm of the shortest convex combination, by the active-set method for non-negative least squares."""
    norms = []
    for rows in jacobian.numpy():
        lengths = np.linalg.norm(rows, axis=1)
        light = lengths.min() / lengths
        light /= np.linalg.norm(light)
        x, _ = nnls(np.vstack([(rows / lengths[:, None]).T, light]), np.append(np.zeros(rows.shape[1]), 1.0))
        weights = x / lengths / (x / lengths).sum()
        norms.append(np.linalg.norm(weights @ rows))
    return torch.tensor(norms, dtype=torch.float64)


def projected(vector: Tensor, jacobian: Tensor) -> Tensor:
    """``vector`` projected on {d: J d ≥ 0}: what is left of it after non-negative least squares (Moreau)."""
    unit_rows = (jacobian / jacobian.norm(dim=1, keepdim=True)).numpy()
    x, _ = nnls(unit_rows.T, -vector.numpy())
    return vector + torch.from_numpy(x @ unit_rows)
