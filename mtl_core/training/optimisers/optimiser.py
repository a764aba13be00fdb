"""The base class of the optimisers: their state, their settings, and the step that all of them take."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.parameter_layout import Layout
from mtl_core.network.replica_state import StackedStates

DEFAULTS = {"weight_decay": 0.0, "beta1": 0.9, "beta2": 0.999, "momentum": 0.9}
"""Values of the hyperparameters that a replica does not set."""


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


class Optimiser(ABC):
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
        self._settings = [DEFAULTS | dict(row) for row in hyperparameters]
        self._parameters = list(parameters)[: len(layout.trained)]
        self._first, self._second = self._held(rows["first_moment"], rows["second_moment"])
        self._steps_directly = [adaptive and len(owner) > 1 for owner in layout.owner_sets]
        """Of every owner: whether its parameters step along what is handed over, as it is."""
        self._every_owner = torch.ones_like(self._updates, dtype=torch.bool)
        self._columns: dict[str, FixedTensor] = {}

    def moments(self) -> StackedStates:
        """Return both moments as packed rows."""
        return {"first_moment": self._layout.pack(self._first), "second_moment": self._layout.pack(self._second)}

    def decided(self) -> Hashable:
        """Return what decides, beside the arguments of :meth:`step`, which operations a step takes."""
        return None

    def step(
        self,
        gradients: Sequence[Float[Tensor, "r s"]],
        rates: Float[Tensor, " r"],
        present: Bool[Tensor, "r t"] | None = None,
        on_device: Float[Tensor, " r"] | None = None,
    ) -> None:
        """Update the parameters once.

        Parameters that only absent tasks use keep their values, moments and number of updates.

        Args:
            gradients: gradient of every trained slot.
            rates: learning rate of each replica at this step, in double precision.
            present: which tasks take part in the step; ``None``: all.
            on_device: the same rates on the device of the parameters; ``None``: they are copied there.
        """
        stepped = self._every_owner if present is None else self._layout.stepped(present)
        self._updates.add_(stepped)
        self._update(gradients, rates, stepped, on_device)

    @abstractmethod
    def _update(
        self,
        gradients: Sequence[Float[Tensor, "r s"]],
        rates: Float[Tensor, " r"],
        stepped: Bool[Tensor, "r o"],
        on_device: Float[Tensor, " r"] | None,
    ) -> None:
        """Update parameters and moments of the owners that take part, whose updates count this one already.

        Args:
            gradients, rates, on_device: as for :meth:`step`.
            stepped: which owners take part; all of them by the very tensor ``_every_owner``.
        """

    def _held(
        self, first: Float[Tensor, "r p"], second: Float[Tensor, "r p"]
    ) -> tuple[list[Float[Tensor, "r s"]], list[Float[Tensor, "r s"]]]:
        """Return packed moments slot by slot, in memory of the optimiser's own."""
        return self._layout.unpack(first), self._layout.unpack(second)

    def _column(self, name: str) -> Float[Tensor, "r 1"]:
        """Return a hyperparameter of all rows, where the moments are and in their data type."""
        if name not in self._columns:
            self._columns[name] = FixedTensor([row[name] for row in self._settings])
        return self._columns[name].like(self._first[0]).unsqueeze(1)
