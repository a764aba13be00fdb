"""Backbones, one a file: what a stage computes, whoever shares it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Slot, Theta
from mtl_core.layers.dropout import Noise


class Stage(Protocol):
    """A bank of copies of one stage.

    Attributes:
        copies: names of the copies.
        slots: its parameters, in forward order.
        multiply_adds: of one copy, for one example.
    """

    copies: tuple[str, ...]
    slots: tuple[Slot, ...]
    multiply_adds: int

    def __call__(self, theta: Theta, x: Float[Tensor, "r c b i"], noise: Noise | None) -> Float[Tensor, "r c b o"]:
        """The stage's output; ``noise`` is ``None`` in evaluation mode."""
        ...


class Backbone(ABC):
    """A chain of stages.

    Args:
        num_inputs: input columns.
        stages: number of stages.
        width: units per stage.
    """

    def __init__(self, num_inputs: int, stages: int, width: int) -> None:
        self.num_inputs, self.num_stages, self.width = num_inputs, stages, width

    @abstractmethod
    def stage(self, level: int, copies: tuple[str, ...]) -> Stage:
        """The stage at ``level`` (0 … stages − 1), as a bank of the named copies."""

    @property
    def num_features(self) -> int:
        """Features that the last stage hands to the heads."""
        return self.width if self.num_stages else self.num_inputs
