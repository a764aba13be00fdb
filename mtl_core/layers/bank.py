"""A bank's parameters: declared here, stored in a row per replica (see :mod:`mtl_core.layers.parameter_layout`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Copy:
    """One copy of a bank.

    Args:
        name: keys the streams of initialisation and dropout, so that a task's copy starts alike, and drops alike, in
            every architecture that has it.
        users: tasks whose losses reach it; ``None``: all.
    """

    name: str
    users: frozenset[str] | None = None


SHARED = Copy("shared")
"""The copy that all tasks use."""


def private(tasks: Iterable[str]) -> tuple[Copy, ...]:
    """A copy for each task, used by it alone."""
    return tuple(Copy(task, frozenset((task,))) for task in tasks)


def mutual(tasks: Iterable[str]) -> tuple[Copy, ...]:
    """A copy for each task, which starts like its private one but which the other tasks reach as well."""
    return tuple(Copy(task) for task in tasks)


Initialiser = Callable[[Generator], Tensor]


@dataclass(frozen=True, eq=False)
class Slot:
    """One parameter of a bank.

    Args:
        name: of the parameter; no two slots of a network have a copy in common under one name.
        copies: of the bank.
        shape: of one copy.
        initialise: draws one copy from a generator.
        trained: whether the optimiser steps it; else it is a buffer, which the forward pass itself keeps up to date.
        stream: keys the initialisation together with the copy's name; the name by default.
    """

    name: str
    copies: tuple[Copy, ...]
    shape: tuple[int, ...]
    initialise: Initialiser
    trained: bool = True
    stream: str | None = None

    @property
    def numel(self) -> int:
        """Parameters of one copy."""
        return math.prod(self.shape)


Theta = Mapping[Slot, Tensor]
"""The parameters that a forward pass uses: slot → ``[r, c, *shape]``."""


def uniform(bound: float, *shape: int) -> Initialiser:
    """U(−bound, bound); with bound = 1/√inputs it is what ``torch.nn.Linear`` does by default."""
    return lambda generator: torch.empty(shape).uniform_(-bound, bound, generator=generator)


def constant(value: float, *shape: int) -> Initialiser:
    """The same value everywhere."""
    return lambda generator: torch.full(shape, value)


def normal(deviation: float, *shape: int) -> Initialiser:
    """N(0, deviation²)."""
    return lambda generator: torch.empty(shape).normal_(0.0, deviation, generator=generator)
