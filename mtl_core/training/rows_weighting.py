"""The weighting method of an array, and what it remembers in the states of the rows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.network.network import Network
from mtl_core.network.replica_state import StackedStates
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.registry import find
from mtl_core.training.device import CPU
from mtl_core.weighting import State, Weighting

_WEIGHTING = "weighting."
"""Prefix of what the weighting method remembers, in the state of a row."""


def weighting_of(
    recipe: Recipe, network: Network, rows: Sequence[ReplicaConfig], device: torch.device = CPU
) -> Weighting:
    """Return the recipe's weighting method; hyperparameters are columns ``[r, 1]``, or ``[r, t]`` for a simplex.

    Args:
        recipe: with the name of the method.
        network: the network of the rows, with their tasks.
        rows: with the hyperparameters of the method.
        device: where the rows train; a method that solves its problems on the host has its columns there.
    """
    method = find("weighting", recipe.weighting).cls

    def made(device: torch.device) -> Weighting:
        columns = columns_of_rows("weighting", recipe.weighting, rows, device)
        tuned = {name: values.view(len(rows), -1) for name, values in columns.items()}
        return method(network.tasks, **{**recipe.weighting_options, **tuned})

    found = made(device)
    return made(CPU) if found.solves_on_host and device != CPU else found


def weighting_state(memory: State) -> StackedStates:
    """Return what a weighting method remembers under the names that it has in the state of a row."""
    return {_WEIGHTING + name: value for name, value in memory.items()}


def weighting_memory(state: StackedStates) -> State:
    """Return what the weighting method remembers, the inverse of :func:`weighting_state`; tensors are not copied."""
    return {name[len(_WEIGHTING) :]: value for name, value in state.items() if name.startswith(_WEIGHTING)}


def columns_of_rows(
    kind: str, name: str, rows: Sequence[ReplicaConfig], device: torch.device = CPU
) -> dict[str, Tensor]:
    """Return the options of a method or architecture that the rows set for themselves, stacked.

    Raises:
        ValueError: when a row's value is outside the option's domain.
    """
    options = find(kind, name).options
    own = [option for option, known in options.items() if known.per_replica]
    for option, row in itertools.product(own, rows):
        if (domain := options[option].domain) is not None:
            domain.check(option, row.hyperparameters.get(option))
    return {
        option: torch.tensor(
            [row.hyperparameters[option] for row in rows], dtype=torch.get_default_dtype(), device=device
        )
        for option in own
        if any(option in row.hyperparameters for row in rows)  # a row that lacks what its neighbours set is an error
    }
