"""Memory for gradients and moments of several rows that one call of a kernel can pass over."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

_ALIGNED = 16
"""Rows are filled up to a multiple of this: a vector unit then never holds elements of two rows, nor takes single ones,
which it would round differently, and a row has the same bits in every array."""


class PaddedRows:
    """Gradients, moments and moves of r rows, filled up to whole vectors, in memory that one kernel can pass over.

    Args:
        first, second: packed moments, ``[r, p]``, which are copied.
        sizes: numbers of parameters of the slots.
    """

    def __init__(self, first: Float[Tensor, "r p"], second: Float[Tensor, "r p"], sizes: Sequence[int]) -> None:
        self._sizes, self._used = list(sizes), first.shape[1]
        width = -(-self._used // _ALIGNED) * _ALIGNED
        self.gradient, self.moved, self.first, self.second = (first.new_zeros(len(first), width) for _ in range(4))
        self.first[:, : self._used], self.second[:, : self._used] = first, second
        self._gradients, self._moves = self.by_slot(self.gradient), self.by_slot(self.moved)

    def by_slot(self, packed: Float[Tensor, "r w"]) -> list[Float[Tensor, "r s"]]:
        """Return views of every slot's part of packed rows."""
        return list(packed[:, : self._used].split(self._sizes, dim=1))

    def begin(self, gradients: Sequence[Float[Tensor, "r s"]]) -> None:
        """Take over the gradients of a step, and move nothing yet."""
        torch._foreach_copy_(self._gradients, list(gradients))  # pyright: ignore[reportPrivateImportUsage]
        self.moved.zero_()

    def add_decay(self, parameters: Sequence[Float[Tensor, "r s"]], decays: Float[Tensor, "r 1"]) -> None:
        """Add each row's multiple of the parameters to the gradients."""
        torch._foreach_addcmul_(self._gradients, list(parameters), [decays] * len(parameters))  # pyright: ignore[reportPrivateImportUsage]

    def apply(
        self,
        parameters: Sequence[Float[Tensor, "r s"]],
        rates: Float[Tensor, "r 1"],
        kept: Sequence[Float[Tensor, "r s"]] | Sequence[Float[Tensor, "r 1"]] | None,
    ) -> None:
        """Add what was moved to the parameters, in place.

        Args:
            parameters: of every slot.
            rates: learning rate of each row.
            kept: factors of the parameters beforehand, 1 − rate · decay; ``None``: 1.
        """
        if kept is not None:
            torch._foreach_mul_(list(parameters), list(kept))  # pyright: ignore[reportPrivateImportUsage]
        torch._foreach_addcmul_(list(parameters), self._moves, [rates] * len(parameters))  # pyright: ignore[reportPrivateImportUsage]
