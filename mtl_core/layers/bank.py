"""Declarations of a bank's parameters: copies, slots and initialisers.

The values are stored in a row per replica, see :mod:`mtl_core.layers.parameter_layout`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Copy:
    """One copy of the layers of a bank, and the tasks that use it.

    Args:
        name: name of the copy; it keys the streams of initialisation and dropout, so that a task's copy starts alike,
            and drops alike, in every architecture that has it.
        users: names of the tasks whose losses depend on the copy; ``None``: all tasks.
    """

    name: str
    users: frozenset[str] | None = None


SHARED = Copy("shared")
"""The copy that all tasks use."""


def private(tasks: Iterable[str]) -> tuple[Copy, ...]:
    """Return a copy for each task of ``tasks``, used by that task alone."""
    return tuple(Copy(task, frozenset((task,))) for task in tasks)


def mutual(tasks: Iterable[str]) -> tuple[Copy, ...]:
    """Return a copy for each task of ``tasks``, used by all tasks but initialised like the task's private copy."""
    return tuple(Copy(task) for task in tasks)


Initialiser = Callable[[Generator], Tensor]
"""Function that draws the initial value of one copy of a parameter from a generator."""


@dataclass(frozen=True, eq=False)
class Slot:
    """One parameter of a bank: a tensor ``[r, c, *shape]`` for r replicas and c copies.

    Args:
        name: name of the parameter; slots of one name in a network have no copy in common.
        copies: copies of the parameter in the bank.
        shape: shape of one copy.
        initialise: function that draws the initial value of one copy.
        trained: whether the optimiser updates the parameter; if not, it is a buffer that the forward pass updates.
        stream: name of the random stream of the initialisation, together with the copy's name; by default ``name``.
    """

    name: str
    copies: tuple[Copy, ...]
    shape: tuple[int, ...]
    initialise: Initialiser
    trained: bool = True
    stream: str | None = None

    @property
    def numel(self) -> int:
        """Number of elements of one copy."""
        return math.prod(self.shape)


Theta = Mapping[Slot, Tensor]
"""The parameters that a forward pass uses, by slot: tensors ``[r, c, *shape]``."""


def uniform(bound: float, *shape: int) -> Initialiser:
    """Return an initialiser that draws from U(−bound, bound).

    With bound = 1/√inputs this is the default of ``torch.nn.Linear``.

    Args:
        bound: largest absolute value.
        shape: shape of one copy.
    """
    return lambda generator: torch.empty(shape).uniform_(-bound, bound, generator=generator)


def constant(value: float, *shape: int) -> Initialiser:
    """Return an initialiser that sets every element of a copy of shape ``shape`` to ``value``."""
    return lambda generator: torch.full(shape, value)


def normal(deviation: float, *shape: int) -> Initialiser:
    """Return an initialiser that draws a copy of shape ``shape`` from N(0, deviation²)."""
    return lambda generator: torch.empty(shape).normal_(0.0, deviation, generator=generator)
