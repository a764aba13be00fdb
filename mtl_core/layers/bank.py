"""A bank's parameters: declared here, stored in one flat row per replica (see :mod:`mtl_core.flat_state`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

SHARED = "shared"
"""Name of the copy that several tasks use; a private copy bears its task's name."""

Initialiser = Callable[[Generator], Tensor]


@dataclass(frozen=True, eq=False)
class Slot:
    """One parameter of a bank.

    Args:
        name: unique in the network; with the copy's name it keys the initialisation stream, so a task's private copy
            starts alike in every architecture that has it.
        copies: names of the copies, :data:`SHARED` or task names.
        shape: of one copy.
        initialise: draws one copy from a generator.
    """

    name: str
    copies: tuple[str, ...]
    shape: tuple[int, ...]
    initialise: Initialiser

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
