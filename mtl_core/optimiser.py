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
_Parts = tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor], list[Tensor]]


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

    Attributes:
        gradient: ``[r, p]``, to be filled before each step.
    """

    def __init__(self, name: str, layout: Layout, rows: Rows, hyperparameters: Sequence[Mapping[str, Any]]) -> None:
        self._name, self._rows = name, rows
        self._settings = [_DEFAULTS | {"weight_decay": 0.0} | dict(row) for row in hyperparameters]
        self._segments = layout.segments()
        self.gradient = torch.zeros_like(rows["parameters"])
        self._tensors = [rows[key] for key in ("parameters", "first_moment", "second_moment")]
        updates = rows["updates"]
        self._even = (updates == updates[:, :1]).all(dim=1).tolist()
        self._whole = [self._parts(row, [[(0, self.gradient.shape[1])]], [True]) for row in range(len(updates))]

    def step(self, rates: Sequence[float], present: Bool[Tensor, "r t"] | None = None) -> None:
        """One update along ``gradient``.  An absent task keeps its private parameters, moments and step count.

        Args:
            rates: learning rate of each row, now.
            present: which tasks had labels; ``None``: all.
        """
        updates = self._rows["updates"]
        stepped = torch.ones_like(updates, dtype=torch.bool)
        if present is not None:
            stepped[:, 1:] = present
            self._even = [even and every for even, every in zip(self._even, stepped.all(dim=1).tolist(), strict=True)]
        updates.add_(stepped)
        if updates.device.type != "cpu":
            self._step_by_broadcast(torch.tensor(rates), stepped)
            return
        for row, rate in enumerate(rates):
            even = self._even[row]
            parts = self._whole[row] if even else self._parts(row, self._segments, stepped[row].tolist())
            self._step_row(parts, rate, self._settings[row])

    def _parts(self, row: int, segments: Sequence[Sequence[tuple[int, int]]], stepped: Sequence[bool]) -> _Parts:
        """Views of the ranges of a row that are stepped, as the kernels want them."""
        ranges = [(owner, part) for owner, parts in enumerate(segments) if stepped[owner] for part in parts]
        gradients, *tensors = (
            [tensor[row, begin:end] for _, (begin, end) in ranges] for tensor in (self.gradient, *self._tensors)
        )
        return (*tensors, gradients, [self._rows["updates"][row, owner] for owner, _ in ranges])

    def _step_row(self, parts: _Parts, rate: float, settings: Mapping[str, Any]) -> None:
        parameters, first, second, gradients, counts = parts
        common = {"lr": rate, "weight_decay": settings["weight_decay"], "maximize": False}
        # the kernels behind torch.optim's fused=True, without a Python optimiser object per row
        if self._name == "adamw":
            betas = {"beta1": settings["beta1"], "beta2": settings["beta2"], "eps": _EPSILON, "amsgrad": False}
            torch._fused_adamw_(parameters, gradients, first, second, [], counts, **common, **betas)
        else:
            # a momentum buffer of zeros makes the first step what is_first_step would
            inertia = {"momentum": settings["momentum"], "dampening": 0.0, "nesterov": settings["momentum"] > 0}
            torch._fused_sgd_(parameters, gradients, first, **common, **inertia, is_first_step=False)

    def _step_by_broadcast(self, rates: Tensor, stepped: Bool[Tensor, "r o"]) -> None:
        gradient, (parameters, first, second) = self.gradient, self._tensors

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


def clip_(gradient: Float[Tensor, "r p"], norm: float) -> None:
    """Shorten each row's gradient, in place, to ``norm`` where it is longer; rows do not see each other."""
    length = gradient.square().sum(dim=1, keepdim=True).sqrt()
    gradient.mul_(norm / length.clamp(min=norm))


def schedule(kind: str, rate: float, step: int, total: int) -> float:
    """The learning rate at ``step`` (from 0) of ``total``: ``constant``, or ``cosine`` from ``rate`` towards 0."""
    return rate if kind == "constant" else rate * 0.5 * (1 + cos(pi * step / total))
