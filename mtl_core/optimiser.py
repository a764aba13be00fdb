"""Optimisers with hyperparameters per replica.

On a CPU every row is updated by one fused kernel in one pass over memory (several passes over ``[r, p]`` cost 2 to 12
times as much); on other devices by broadcasting over rows.  Both follow ``torch.optim`` step for step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, pi
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.flat_state import Layout
from mtl_core.rows import Rows
from mtl_core.space import LogUniform, Range, Uniform

COMMON_RANGES: dict[str, Range] = {
    "learning_rate": LogUniform(1e-3, 3e-2),
    "weight_decay": LogUniform(1e-6, 1e-1),
    "dropout": Uniform(0.0, 0.5),
}
"""Tuning hyperparameters that every arm has, with the ranges for AdamW."""

_DEFAULTS = {"beta1": 0.9, "beta2": 0.999, "momentum": 0.9}
_EPSILON = 1e-8


def ranges_of(optimiser: str) -> dict[str, Range]:
    """The common ranges, with a learning rate that suits the optimiser."""
    rates = {"adamw": COMMON_RANGES["learning_rate"], "sgd": LogUniform(1e-2, 1.0)}
    return COMMON_RANGES | {"learning_rate": rates[optimiser]}


def start(parameters: Float[Tensor, "r p"], num_tasks: int) -> Rows:
    """Fresh optimiser rows: two moments, and how often each owner's parameters (shared, task 1, …) were stepped."""
    return {
        "first_moment": torch.zeros_like(parameters),
        "second_moment": torch.zeros_like(parameters),
        "updates": torch.zeros(len(parameters), 1 + num_tasks),
    }


class Optimiser:
    """Updates rows in place.

    ``adamw``: I. Loshchilov & F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
    ``sgd``: Nesterov momentum as in ``torch.optim.SGD``, with L2 decay; its momentum is kept as the first moment.

    Args:
        name: ``adamw`` or ``sgd``.
        layout: which part of a row belongs to which task.
        rows: of the array; ``parameters``, moments and ``updates`` are updated.
        hyperparameters: of each row; ``weight_decay``, and optionally ``beta1``, ``beta2``, ``momentum``.
    """

    def __init__(self, name: str, layout: Layout, rows: Rows, hyperparameters: Sequence[Mapping[str, Any]]) -> None:
        self._name, self._rows = name, rows
        self._settings = [_DEFAULTS | {"weight_decay": 0.0} | dict(row) for row in hyperparameters]
        self._segments = layout.segments()
        self._tensors = [rows[key] for key in ("parameters", "first_moment", "second_moment")]
        updates = rows["updates"]
        self._even = (updates == updates[:, :1]).all(dim=1).tolist()

    def step(
        self, gradient: Float[Tensor, "r p"], rates: Sequence[float], present: Bool[Tensor, "r t"] | None = None
    ) -> None:
        """One update.  A task that is absent keeps its private parameters, moments and step count.

        Args:
            gradient: of each row.
            rates: learning rate of each row, now.
            present: which tasks had labels; ``None``: all.
        """
        stepped = torch.ones_like(self._rows["updates"])
        if present is not None:
            stepped[:, 1:] = present.to(stepped)
        self._rows["updates"].add_(stepped)
        if gradient.device.type != "cpu":
            self._step_by_broadcast(gradient, torch.tensor(rates), stepped.bool())
            return
        every = stepped.bool().all(dim=1).tolist()
        for row, rate in enumerate(rates):
            self._even[row] = self._even[row] and every[row]
            self._step_row(row, gradient[row], rate, stepped[row])

    def _step_row(self, row: int, gradient: Tensor, rate: float, stepped: Tensor) -> None:
        updates = self._rows["updates"][row]
        lists: list[list[Tensor]] = [[], [], [], [], []]
        whole = [[(0, gradient.shape[0])]]
        for owner, ranges in enumerate(whole if self._even[row] else self._segments):
            if stepped[owner]:
                for begin, end in ranges:
                    parts = [gradient[begin:end], *(tensor[row, begin:end] for tensor in self._tensors)]
                    for target, part in zip(lists, (*parts, updates[owner]), strict=True):
                        target.append(part)
        gradients, parameters, first, second, counts = lists
        settings = self._settings[row]
        common = {"lr": rate, "weight_decay": settings["weight_decay"], "maximize": False}
        # the kernels behind torch.optim's fused=True, without a Python optimiser object per row
        if self._name == "adamw":
            betas = {"beta1": settings["beta1"], "beta2": settings["beta2"], "eps": _EPSILON, "amsgrad": False}
            torch._fused_adamw_(parameters, gradients, first, second, [], counts, **common, **betas)
        else:
            # a momentum buffer of zeros makes the first step what is_first_step would
            inertia = {"momentum": settings["momentum"], "dampening": 0.0, "nesterov": settings["momentum"] > 0}
            torch._fused_sgd_(parameters, gradients, first, **common, **inertia, is_first_step=False)

    def _step_by_broadcast(self, gradient: Tensor, rates: Tensor, stepped: Bool[Tensor, "r o"]) -> None:
        parameters, first, second = self._tensors

        def column(name: str) -> Tensor:
            return torch.tensor([row[name] for row in self._settings]).to(parameters).unsqueeze(1)

        rate, decay = rates.to(parameters).unsqueeze(1), column("weight_decay")
        owner = torch.empty(parameters.shape[1], dtype=torch.int64, device=parameters.device)
        for number, ranges in enumerate(self._segments):
            for begin, end in ranges:
                owner[begin:end] = number
        if self._name == "adamw":
            beta1, beta2 = column("beta1"), column("beta2")
            count = self._rows["updates"][:, owner].to(parameters)
            new_first = beta1 * first + (1 - beta1) * gradient
            new_second = beta2 * second + (1 - beta2) * gradient**2
            scale = (new_second / (1 - beta2**count)).sqrt() + _EPSILON
            new = parameters * (1 - rate * decay) - rate * (new_first / (1 - beta1**count)) / scale
        else:
            momentum, gradient = column("momentum"), gradient + decay * parameters
            new_first, new_second = momentum * first + gradient, second
            new = parameters - rate * (gradient + momentum * new_first)
        moves = stepped[:, owner]
        for tensor, value in zip(self._tensors, (new, new_first, new_second), strict=True):
            tensor.copy_(torch.where(moves, value, tensor))


def clip(gradient: Float[Tensor, "r p"], norm: float) -> Float[Tensor, "r p"]:
    """Each row's gradient, shortened to ``norm`` where it is longer; rows do not see each other."""
    length = gradient.square().sum(dim=1, keepdim=True).sqrt()
    return gradient * (norm / length.clamp(min=norm))


def schedule(kind: str, rate: float, step: int, total: int) -> float:
    """The learning rate at ``step`` (from 0) of ``total``: ``constant``, or ``cosine`` from ``rate`` towards 0."""
    return rate if kind == "constant" else rate * 0.5 * (1 + cos(pi * step / total))
