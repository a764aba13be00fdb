"""Optimisers with hyperparameters per replica.

On a CPU every row is updated by one call of a fused kernel, in one pass over memory (several passes cost 2 to 12 times
as much); on other devices all rows are updated by broadcasting.  Both follow ``torch.optim`` step for step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.parameter_layout import Layout
from mtl_core.network.replica_state import StackedStates
from mtl_core.search_space import LogUniform, Range, Uniform

COMMON_RANGES: dict[str, Range] = {
    "learning_rate": LogUniform(1e-3, 3e-2),
    "weight_decay": LogUniform(1e-6, 1e-1),
    "dropout": Uniform(0.0, 0.5),
}
"""Ranges of the tuned hyperparameters that every arm has, for AdamW."""

_DEFAULTS = {"beta1": 0.9, "beta2": 0.999, "momentum": 0.9}
_EPSILON = 1e-8


def ranges_of(optimiser: str) -> dict[str, Range]:
    """Return the ranges of the common hyperparameters, with the learning rates of ``optimiser``, adamw or sgd."""
    rates = {"adamw": COMMON_RANGES["learning_rate"], "sgd": LogUniform(1e-2, 1.0)}
    return COMMON_RANGES | {"learning_rate": rates[optimiser]}


def start(layout: Layout, replicas: int) -> StackedStates:
    """Return the initial state of the optimiser.

    It holds two moments of the trained parameters, and how often the parameters of each owner were updated.

    Args:
        layout: layout of the network's parameters.
        replicas: number of replicas.
    """
    return {
        "first_moment": torch.zeros(replicas, layout.num_trained),
        "second_moment": torch.zeros(replicas, layout.num_trained),
        "updates": torch.zeros(replicas, len(layout.owner_sets)),
    }


class Optimiser:
    """Optimiser that updates the parameters of r replicas in place, each with hyperparameters of its own.

    ``adamw``: I. Loshchilov & F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
    ``sgd``: Nesterov momentum as in ``torch.optim.SGD``, with L2 decay; its momentum is kept as the first moment.

    Args:
        name: ``adamw`` or ``sgd``.
        layout: layout of the network's parameters.
        parameters: the parameters to update, slot by slot; buffers are not changed.
        rows: the optimiser's state: packed moments, which are copied, and ``updates``, which is updated in place.
        hyperparameters: of each replica: ``weight_decay`` (default 0), ``beta1`` (0.9), ``beta2`` (0.999) and
            ``momentum`` (0.9).
        adaptive: whether what is handed over for parameters of several tasks is divided by moments already; such
            parameters decay as under AdamW, and step along it at their learning rate.
    """

    def __init__(
        self,
        name: str,
        layout: Layout,
        parameters: Sequence[Float[Tensor, "r s"]],
        rows: StackedStates,
        hyperparameters: Sequence[Mapping[str, Any]],
        adaptive: bool = False,
    ) -> None:
        self._name, self._layout, self._updates = name, layout, rows["updates"]
        self._settings = [_DEFAULTS | {"weight_decay": 0.0} | dict(row) for row in hyperparameters]
        self._first, self._second = layout.unpack(rows["first_moment"]), layout.unpack(rows["second_moment"])
        self._work = (list(parameters)[: len(layout.trained)], self._first, self._second)
        self._segments = layout.segments()
        self._columns: dict[str, FixedTensor] = {}
        self._direct = [adaptive and len(owner) > 1 for owner in layout.owner_sets]
        self._everybody = torch.ones_like(self._updates, dtype=torch.bool)
        self._even = []
        if self._updates.device.type == "cpu":
            self._even = (self._updates == self._updates[:, :1]).all(dim=1).tolist()
        self._whole = [
            tuple([tensor[row] for tensor in tensors] for tensors in self._work) for row in range(len(self._updates))
        ]

    def moments(self) -> StackedStates:
        """Return both moments as packed rows."""
        return {"first_moment": self._layout.pack(self._first), "second_moment": self._layout.pack(self._second)}

    def step(
        self,
        gradients: Sequence[Float[Tensor, "r s"]],
        rates: Sequence[float] | Float[Tensor, " r"],
        present: Bool[Tensor, "r t"] | None = None,
        host_rates: Sequence[float] | None = None,
    ) -> None:
        """Update the parameters once.

        Parameters that only absent tasks use keep their values, moments and number of updates.

        Args:
            gradients: gradient of every trained slot.
            rates: learning rate of each replica at this step.
            present: which tasks take part in the step; ``None``: all.
            host_rates: the same rates as numbers, where ``rates`` are on the device of the parameters.
        """
        on_host = self._updates.device.type == "cpu"
        stepped = self._everybody if present is None else self._layout.stepped(present)
        if present is not None and on_host:
            self._even = [even and whole for even, whole in zip(self._even, stepped.all(dim=1).tolist(), strict=True)]
        self._updates.add_(stepped)
        if not on_host:
            self._step_by_broadcast(gradients, torch.tensor(rates) if not isinstance(rates, Tensor) else rates, stepped)
            return
        rates = rates if host_rates is None else host_rates
        by_row = zip(*(gradient.unbind(0) for gradient in gradients), strict=True)
        for row, (of_row, rate) in enumerate(zip(by_row, rates, strict=True)):
            if self._even[row] and not any(self._direct):
                counts = [self._updates[row, 0]] * len(of_row)
                self._step_row(list(of_row), *self._whole[row], counts, rate, self._settings[row])
            elif stepped[row].any():
                self._step_owners(row, of_row, rate, stepped[row].tolist())

    def _step_owners(self, row: int, gradients: Sequence[Tensor], rate: float, stepped: Sequence[bool]) -> None:
        """Update the parameters of those owners of a row that take part in the step."""
        settings, pairs = self._settings[row], list(zip(stepped, self._direct, strict=True))
        own = self._parts(row, gradients, [moved and not direct for moved, direct in pairs])
        if own[0]:
            self._step_row(*own, rate, settings)
        directions, parameters, *_ = self._parts(row, gradients, [moved and direct for moved, direct in pairs])
        for direction, parameter in zip(directions, parameters, strict=True):
            parameter.mul_(1 - rate * settings["weight_decay"]).add_(direction, alpha=-rate)

    def _parts(self, row: int, gradients: Sequence[Tensor], stepped: Sequence[bool]) -> tuple[list[Tensor], ...]:
        """The parts to update of a row whose tasks were not present at every step, with their numbers of updates."""
        ranges = [(owner, part) for owner, parts in enumerate(self._segments) if stepped[owner] for part in parts]
        sliced = (
            [tensors[number][begin:end] for _, (number, begin, end) in ranges]
            for tensors in (gradients, *self._whole[row])
        )
        return (*sliced, [self._updates[row, owner] for owner, _ in ranges])

    def _step_row(
        self,
        gradients: list[Tensor],
        parameters: list[Tensor],
        first: list[Tensor],
        second: list[Tensor],
        counts: list[Tensor],
        rate: float,
        settings: Mapping[str, Any],
    ) -> None:
        common = {"lr": rate, "weight_decay": settings["weight_decay"], "maximize": False}
        # the kernels behind torch.optim's fused=True, without a Python optimiser object per row
        if self._name == "adamw":
            betas = {"beta1": settings["beta1"], "beta2": settings["beta2"], "eps": _EPSILON, "amsgrad": False}
            torch._fused_adamw_(parameters, gradients, first, second, [], counts, **common, **betas)
        else:
            # a momentum buffer of zeros makes the first step what is_first_step would
            momentum = settings["momentum"]
            inertia = {"momentum": momentum, "dampening": 0.0, "nesterov": momentum > 0}
            torch._fused_sgd_(
                parameters, gradients, first if momentum else [], **common, **inertia, is_first_step=False
            )

    def _step_by_broadcast(self, gradients: Sequence[Tensor], rates: Tensor, stepped: Bool[Tensor, "r o"]) -> None:
        """The same update for all rows and slots at once, in several passes over memory."""
        parameters, first, second = (self._layout.pack(tensors) for tensors in self._work)
        gradient = self._layout.pack(gradients)

        column, owner = self._column, self._layout.fixed_owners.at(self._updates.device)
        rate, decay = rates.to(parameters).unsqueeze(1), column("weight_decay")
        if self._name == "adamw":
            beta1, beta2 = column("beta1"), column("beta2")
            count = self._updates[:, owner].to(parameters)
            new_first = beta1 * first + (1 - beta1) * gradient
            new_second = beta2 * second + (1 - beta2) * gradient**2
            scale = (new_second / (1 - beta2**count)).sqrt() + _EPSILON
            new = parameters * (1 - rate * decay) - rate * (new_first / (1 - beta1**count)) / scale
        else:
            momentum, gradient = column("momentum"), gradient + decay * parameters
            new_first, new_second = torch.where(momentum > 0, momentum * first + gradient, first), second
            new = parameters - rate * (gradient + momentum * new_first)
        if any(self._direct):
            direct = self._direct_parameters.at(self._updates.device)
            new = torch.where(direct, parameters * (1 - rate * decay) - rate * gradient, new)
            new_first, new_second = (torch.where(direct, *pair) for pair in ((first, new_first), (second, new_second)))
        mask = stepped[:, owner]
        for tensors, old, value in zip(
            self._work, (parameters, first, second), (new, new_first, new_second), strict=True
        ):
            for tensor, part in zip(tensors, self._layout.unpack(torch.where(mask, value, old)), strict=True):
                tensor.copy_(part)

    def _column(self, name: str) -> Float[Tensor, "r 1"]:
        if name not in self._columns:
            self._columns[name] = FixedTensor([row[name] for row in self._settings])
        return self._columns[name].like(self._first[0]).unsqueeze(1)

    @cached_property
    def _direct_parameters(self) -> FixedTensor:
        return FixedTensor([self._direct[owner] for owner in self._layout.owners().tolist()])


def clip_(gradients: Sequence[Float[Tensor, "r s"]], norm: float) -> None:
    """Clip each replica's gradient, in place, to the norm ``norm``; replicas do not affect each other.

    Args:
        gradients: gradient of every trained slot.
        norm: largest norm of a replica's gradient over all slots.
    """
    squares = torch.stack([gradient.square().sum(dim=1) for gradient in gradients])
    factor = norm / squares.sum(dim=0).sqrt().clamp(min=norm)
    for gradient in gradients:
        gradient.mul_(factor.unsqueeze(1))
