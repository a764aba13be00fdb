"""Low-rank corrections that tasks compose of shared factors: one way down, a turn of their own, several ways up."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from mtl_core.backbones import Affine
from mtl_core.layers.bank import SHARED, Copy, Slot, Theta, constant, private
from mtl_core.sharing.blocks.option_checks import expert_names


class TaskMixedCorrection:
    """Correction x A Λ_i Σ_n s_in B_n of an affine layer for task i, with s_i = softmax(w_i / τ).

    A and all B_n are shared, Λ_i (q × q) and w_i are the task's own.  A starts like a layer, Λ_i at the identity, w_i
    and B_n at 0, so the correction is 0 at the start.

    Args:
        layer: the layer to correct.
        tasks: names, in order.
        rank: q, the number of features between A and B; a layer with fewer inputs or outputs takes that number.
        ups: number of the B_n.
        temperature: τ of the softmax.
    """

    def __init__(self, layer: Affine, tasks: Sequence[str], rank: int, ups: int, temperature: float) -> None:
        self._correction, self._temperature = layer.low_rank(private(tasks), rank), temperature
        (down, up), rank = self._correction.slots, self._correction.rank
        self._convolves = len(up.shape) == 4

        def identity(generator: Generator) -> Tensor:
            return torch.eye(rank)

        shared = tuple(Copy(name) for name in expert_names(SHARED.name, ups))
        self.down = Slot(down.name, (SHARED,), down.shape, down.initialise)
        self.turn = Slot(f"{layer.name}.turn", private(tasks), (rank, rank), identity)
        self.up = Slot(up.name, shared, up.shape, constant(0.0, *up.shape))
        self.mixing = Slot(f"{layer.name}.mixing", private(tasks), (ups,), constant(0.0, ups))
        self.slots = (self.down, self.turn, self.up, self.mixing)

    def __call__(self, theta: Theta, x: Float[Tensor, "r t *i"]) -> Float[Tensor, "r t *o"]:
        """Return what is added to the pre-activation of every task for the layer's input ``x``."""
        down, up = self._correction.slots
        shares = (theta[self.mixing] / self._temperature).softmax(dim=2)
        mixed = torch.bmm(shares, theta[self.up].flatten(2)).unflatten(2, up.shape)
        return self._correction({down: self._turned(theta), up: mixed}, x)

    def _turned(self, theta: Theta) -> Float[Tensor, "r t *s"]:
        """The shared way down, followed by each task's turn."""
        down, turn = theta[self.down], theta[self.turn]
        if self._convolves:  # the features stand first
            return (turn.mT @ down.flatten(3)).unflatten(3, down.shape[3:])
        return down @ turn
