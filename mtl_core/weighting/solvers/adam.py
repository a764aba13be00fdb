"""Adam for the few numbers that a weighting method learns beside the network.

They have no weight decay, no clipping and no schedule, and a task that is absent keeps its own; hence not the network's
optimiser.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting import State, remember

_BETAS = (0.9, 0.999)
_EPSILON = 1e-8


def start(replicas: int, num_tasks: int) -> State:
    """Moments, and how often each task's number was updated."""
    return {name: torch.zeros(replicas, num_tasks) for name in ("first_moment", "second_moment", "updates")}


def descend(
    state: State,
    name: str,
    slope: Float[Tensor, "r t"],
    present: Bool[Tensor, "r t"],
    step_size: float | Float[Tensor, "r 1"],
) -> None:
    """One update of ``state[name]`` against ``slope``, in place, for the present tasks."""
    value = state[name] - step(state, slope, present, step_size)
    remember(state, present, **{name: value})


def step(
    state: State, slope: Float[Tensor, "r t"], present: Bool[Tensor, "r t"], step_size: float | Float[Tensor, "r 1"]
) -> Float[Tensor, "r t"]:
    """How far to go against ``slope``; the moments of the present tasks are updated in place.

    Source: D. P. Kingma & J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
    """
    first = _BETAS[0] * state["first_moment"] + (1 - _BETAS[0]) * slope
    second = _BETAS[1] * state["second_moment"] + (1 - _BETAS[1]) * slope**2
    updates = state["updates"] + 1
    remember(state, present, first_moment=first, second_moment=second, updates=updates)
    # powers by exp: unlike pow it rounds alike wherever an element stands in the array
    young, old = (-torch.expm1(updates * math.log(beta)) for beta in _BETAS)
    return step_size * (first / young) / ((second / old).sqrt() + _EPSILON)
