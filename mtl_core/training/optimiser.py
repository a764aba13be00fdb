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
from mtl_core.training.fused_kernels import EPSILON, move
from mtl_core.training.small_rows import LARGEST, SmallRows

_DEFAULTS = {"beta1": 0.9, "beta2": 0.999, "momentum": 0.9}
_UNDECAYED = {"weight_decay": 0.0}


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
        on_host = self._updates.device.type == "cpu"
        self._small = None
        if on_host and layout.num_trained <= LARGEST:
            self._small = SmallRows(rows["first_moment"], rows["second_moment"], layout.sizes[: len(layout.trained)])
            self._first, self._second = self._small.by_slot(self._small.first), self._small.by_slot(self._small.second)
        else:
            self._first, self._second = layout.unpack(rows["first_moment"]), layout.unpack(rows["second_moment"])
        self._work = (list(parameters)[: len(layout.trained)], self._first, self._second)
        self._segments = layout.segments()
        self._columns: dict[str, FixedTensor] = {}
        self._direct = [adaptive and len(owner) > 1 for owner in layout.owner_sets]
        self._everybody = torch.ones_like(self._updates, dtype=torch.bool)
        self._even = (self._updates == self._updates[:, :1]).all(dim=1).tolist() if on_host else []
        self._alike = on_host and self._are_alike()
        self._whole = [
            tuple([tensor[row] for tensor in tensors] for tensors in self._work) for row in range(len(self._updates))
        ]

    def moments(self) -> StackedStates:
        """Return both moments as packed rows."""
        return {"first_moment": self._layout.pack(self._first), "second_moment": self._layout.pack(self._second)}

    def step(
        self,
        gradients: Sequence[Float[Tensor, "r s"]],
        rates: Sequence[float],
        present: Bool[Tensor, "r t"] | None = None,
        on_device: Float[Tensor, " r"] | None = None,
    ) -> None:
        """Update the parameters once.

        Parameters that only absent tasks use keep their values, moments and number of updates.

        Args:
            gradients: gradient of every trained slot.
            rates: learning rate of each replica at this step.
            present: which tasks take part in the step; ``None``: all.
            on_device: the same rates on the device of the parameters; ``None``: they are copied there.
        """
        stepped = self._everybody if present is None else self._layout.stepped(present)
        on_host = self._updates.device.type == "cpu"
        if present is not None and on_host:
            self._even = [even and whole for even, whole in zip(self._even, stepped.all(dim=1).tolist(), strict=True)]
        self._updates.add_(stepped)
        if not on_host:
            self._step_by_broadcast(gradients, torch.tensor(rates) if on_device is None else on_device, stepped)
        elif self._small is not None:
            self._step_together(self._small, gradients, rates, stepped)
        else:
            self._step_row_by_row(gradients, rates, stepped)

    def _are_alike(self) -> bool:
        """Whether one call can serve all rows: they have the same settings, and were updated as often."""
        settings = {tuple(row[name] for name in _DEFAULTS) for row in self._settings}
        return len(settings) == 1 and bool((self._updates == self._updates[0, 0]).all())

    def _step_together(
        self,
        small: SmallRows,
        gradients: Sequence[Float[Tensor, "r s"]],
        rates: Sequence[float],
        stepped: Bool[Tensor, "r o"],
    ) -> None:
        """Move rows of zeros at a rate of 1, all rows at once where they are alike, and add that at their own rates."""
        parameters, decay = self._work[0], self._column("weight_decay")
        small.begin(gradients)
        if self._name == "sgd":
            small.add_decay(parameters, decay)
        whole = all(self._even) and not any(self._direct)
        if whole and self._alike:
            rows = [small.moved], [small.gradient], [small.first], [small.second]
            move(self._name, *rows, [self._updates[0, 0]], 1.0, self._settings[0] | _UNDECAYED)
        else:
            for row in range(len(rates)):
                self._move_row(small, row, stepped[row])
        kept = None
        if self._name == "adamw":
            factors = 1 - torch.tensor(rates, dtype=torch.float64).unsqueeze(1) * decay.double()
            kept = [factors.to(decay)] * len(parameters)
            if not whole:
                of_parameters = torch.where(stepped[:, self._layout.owners()], kept[0], 1.0)
                kept = list(of_parameters.split(self._layout.sizes[: len(parameters)], dim=1))
        small.apply(parameters, torch.tensor(rates, dtype=decay.dtype).unsqueeze(1), kept)

    def _move_row(self, small: SmallRows, row: int, stepped: Bool[Tensor, " o"]) -> None:
        """Move one row, owner by owner where its tasks were not present at every step."""
        settings = self._settings[row] | _UNDECAYED
        if self._even[row] and not any(self._direct):
            moved, gradient, first, second = (
                [part[row]] for part in (small.moved, small.gradient, small.first, small.second)
            )
            move(self._name, moved, gradient, first, second, [self._updates[row, 0]], 1.0, settings)
            return
        tensors = [[part[row] for part in small.by_slot(packed)] for packed in (small.gradient, small.moved)] + [
            [part[row] for part in parts] for parts in (self._first, self._second)
        ]
        for owner, (moves, direct) in enumerate(zip(stepped.tolist(), self._direct, strict=True)):
            for number, begin, end in self._segments[owner] if moves else ():
                gradient, moved, first, second = (parts[number][begin:end] for parts in tensors)
                if direct:
                    moved.sub_(gradient)
                else:
                    move(self._name, [moved], [gradient], [first], [second], [self._updates[row, owner]], 1.0, settings)

    def _step_row_by_row(
        self, gradients: Sequence[Float[Tensor, "r s"]], rates: Sequence[float], stepped: Bool[Tensor, "r o"]
    ) -> None:
        """Update every row with a call of its own, in one pass over memory."""
        by_row = zip(*(gradient.unbind(0) for gradient in gradients), strict=True)
        for row, (of_row, rate) in enumerate(zip(by_row, rates, strict=True)):
            if self._even[row] and not any(self._direct):
                counts = [self._updates[row, 0]] * len(of_row)
                parameters, first, second = self._whole[row]
                move(self._name, parameters, list(of_row), first, second, counts, rate, self._settings[row])
            elif stepped[row].any():
                self._step_owners(row, of_row, rate, stepped[row].tolist())

    def _step_owners(self, row: int, gradients: Sequence[Tensor], rate: float, stepped: Sequence[bool]) -> None:
        """Update the parameters of those owners of a row that take part in the step."""
        settings, pairs = self._settings[row], list(zip(stepped, self._direct, strict=True))
        own, counts = self._parts(row, gradients, [moved and not direct for moved, direct in pairs])
        if counts:
            gradient, parameters, first, second = own
            move(self._name, parameters, gradient, first, second, counts, rate, settings)
        (directions, parameters, *_), _ = self._parts(row, gradients, [moved and direct for moved, direct in pairs])
        for direction, parameter in zip(directions, parameters, strict=True):
            parameter.mul_(1 - rate * settings["weight_decay"]).add_(direction, alpha=-rate)

    def _parts(
        self, row: int, gradients: Sequence[Tensor], stepped: Sequence[bool]
    ) -> tuple[list[list[Tensor]], list[Tensor]]:
        """The parts to update of a row whose tasks were not present at every step, with their numbers of updates."""
        ranges = [(owner, part) for owner, parts in enumerate(self._segments) if stepped[owner] for part in parts]
        sliced = [
            [tensors[number][begin:end] for _, (number, begin, end) in ranges]
            for tensors in (gradients, *self._whole[row])
        ]
        return sliced, [self._updates[row, owner] for owner, _ in ranges]

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
            scale = (new_second / (1 - beta2**count)).sqrt() + EPSILON
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
