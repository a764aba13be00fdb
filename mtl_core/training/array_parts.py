"""The parts of a fused array that training and evaluation have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.preprocessing import Preparation
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Theta
from mtl_core.network.network import Network
from mtl_core.network.replica_state import ReplicaState, StackedStates, join
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.device import CPU


@dataclass(frozen=True)
class ArrayParts:
    """Rows that train together, their data and their parameters.

    Args:
        recipe: what the rows have in common.
        development: the training and validation data.
        network: the network of the recipe on these data.
        rows: what each row has for itself.
        preparations: the split and the scales of each row's seed.
        loader: prepared batches of the data, for each row.
        state: the state of all rows; updated in place, except for parameters and moments, which are written back when
            the states are taken out of the array.
        parameters: the rows' parameters, slot by slot ``[r, s]``, in the memory that training updates.
        theta: the same memory as leaves that the layers read.
        epochs: number of epochs that each row has been trained, below 0 in a search: what the state says, known to the
            host without asking the device.
    """

    recipe: Recipe
    development: Development
    network: Network
    rows: Sequence[ReplicaConfig]
    preparations: Sequence[Preparation]
    loader: BatchLoader
    state: StackedStates
    parameters: list[Float[Tensor, "r s"]]
    theta: Theta
    epochs: list[int]

    @property
    def device(self) -> torch.device:
        """The device that the rows train on."""
        return self.loader.device

    @cached_property
    def kind(self) -> str:
        """What arrays have in common whose steps, and whose evaluations, are likely to be the same operations."""
        return f"{self.recipe} {self.network.tasks} {len(self.rows)}"

    def count_epoch(self) -> None:
        """Count one more epoch of every row, on the device and on the host."""
        self.state["epoch"] += 1
        self.epochs[:] = [epoch + 1 for epoch in self.epochs]

    @property
    def seeds(self) -> list[int]:
        """The seeds of the rows."""
        return [row.seed for row in self.rows]


def assemble(
    recipe: Recipe,
    development: Development,
    network: Network,
    rows: Sequence[ReplicaConfig],
    states: Sequence[ReplicaState],
    preparations: Sequence[Preparation],
    device: torch.device = CPU,
) -> ArrayParts:
    """Return the parts of an array on ``device`` whose rows stand at ``states``, which are on the host.

    A single row is doubled: alone it would take other kernels than in company, hence have other last bits.
    """
    if len(rows) == 1:
        rows, states, preparations = list(rows) * 2, list(states) * 2, list(preparations) * 2
    on_host = join(states)
    epochs, state = on_host["epoch"].tolist(), {name: value.to(device) for name, value in on_host.items()}
    parameters = network.layout.unpack(state["parameters"])
    loader, theta = BatchLoader(development.examples, preparations, device), network.layout.theta(parameters)
    return ArrayParts(recipe, development, network, rows, preparations, loader, state, parameters, theta, epochs)
