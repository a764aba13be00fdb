"""The kernels behind ``torch.optim`` with ``fused=True``, without a Python optimiser object per row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

EPSILON = 1e-8
"""What Adam adds to the root of the second moment."""


def move(
    name: str,
    parameters: list[Tensor],
    gradients: list[Tensor],
    first: list[Tensor],
    second: list[Tensor],
    counts: list[Tensor],
    rate: float | Tensor,
    settings: Mapping[str, Any],
) -> None:
    """Update parameters and their moments in place, in one pass over memory.

    Args:
        name: ``adamw`` or ``sgd``.
        parameters, gradients, first, second: lists of equal lengths, of tensors of equal shapes.
        counts: number of updates of each of them, this one included.
        rate: the learning rate; a tensor is read when the kernel runs.
        settings: ``weight_decay``, and ``beta1`` and ``beta2``, or ``momentum``.
    """
    common = {"lr": rate, "weight_decay": settings["weight_decay"], "maximize": False}
    if name == "adamw":
        betas = {"beta1": settings["beta1"], "beta2": settings["beta2"], "eps": EPSILON, "amsgrad": False}
        torch._fused_adamw_(parameters, gradients, first, second, [], counts, **common, **betas)  # pyright: ignore
    else:
        assert name == "sgd", f"there is no optimiser {name!r}"
        # a momentum buffer of zeros makes the first step what is_first_step would
        momentum = settings["momentum"]
        inertia = {"momentum": momentum, "dampening": 0.0, "nesterov": momentum > 0, "is_first_step": False}
        torch._fused_sgd_(parameters, gradients, first if momentum else [], **common, **inertia)  # pyright: ignore
