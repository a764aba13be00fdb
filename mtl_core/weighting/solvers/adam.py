"""Adam for the few numbers that a weighting method learns beside the network.

These numbers, one per task, have no weight decay, no clipping and no schedule, and an absent task keeps its own, which
is why the network's optimiser does not serve.
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
    """Return Adam's initial state: two moments and the number of updates, ``[r, t]`` zeros each."""
    return {name: torch.zeros(replicas, num_tasks) for name in ("first_moment", "second_moment", "updates")}


def descend(
    state: State,
    name: str,
    slope: Float[Tensor, "r t"],
    present: Bool[Tensor, "r t"],
    step_size: float | Float[Tensor, "r 1"],
) -> None:
    """Update the present tasks' numbers ``state[name]`` by one step of Adam, in place.

    Args:
        state: the method's state, with the entries of :func:`start`.
        name: the entry to update, ``[r, t]``.
        slope: derivative of the objective by the numbers.
        present: which tasks take part in the step.
        step_size: Adam's step size, one number or one per replica.
    """
    value = state[name] - step(state, slope, present, step_size)
    remember(state, present, **{name: value})


def step(
    state: State, slope: Float[Tensor, "r t"], present: Bool[Tensor, "r t"], step_size: float | Float[Tensor, "r 1"]
) -> Float[Tensor, "r t"]:
    """Return the step of Adam against ``slope``, to be subtracted; the present tasks' moments are updated in place.

    Source: D. P. Kingma & J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.

    Args:
        state: the method's state, with the entries of :func:`start`.
        slope: derivative of the objective by the numbers.
        present: which tasks take part in the step.
        step_size: Adam's step size, one number or one per replica.
    """
    first = _BETAS[0] * state["first_moment"] + (1 - _BETAS[0]) * slope
    second = _BETAS[1] * state["second_moment"] + (1 - _BETAS[1]) * slope**2
    updates = state["updates"] + 1
    remember(state, present, first_moment=first, second_moment=second, updates=updates)
    # powers by exp: unlike pow it rounds alike wherever an element stands in the array
    first_correction, second_correction = (-torch.expm1(updates * math.log(beta)) for beta in _BETAS)
    return step_size * (first / first_correction) / ((second / second_correction).sqrt() + _EPSILON)
