"""What the optimisers on a CPU have in common: which rows one call of a kernel can update."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from jaxtyping import Bool
from torch import Tensor

from mtl_core.training.optimisers.optimiser import Optimiser


class HostOptimiser(Optimiser):
    """Base class of optimisers that call a fused kernel of the CPU for rows, or for what an owner has of a row.

    A kernel corrects moments by one number of updates for each tensor.  A row whose tasks were present at every step
    has one number for all of its parameters.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._updated_equally = (self._updates == self._updates[:, :1]).all(dim=1).tolist()
        """Of every row: whether all of its parameters were updated equally often."""
        self._any_steps_directly = any(self._steps_directly)
        self._segments = self._layout.segments()

    def decided(self) -> Hashable:
        """See :meth:`Optimiser.decided`: rows are updated otherwise once a task of theirs was absent."""
        return tuple(self._updated_equally)

    def _note_absences(self, stepped: Bool[Tensor, "r o"]) -> None:
        """Take down which rows have parameters that this step leaves alone."""
        if stepped is not self._every_owner:
            whole = stepped.all(dim=1).tolist()
            self._updated_equally = [so_far and now for so_far, now in zip(self._updated_equally, whole, strict=True)]

    def _owners_stepped(self, stepped: Bool[Tensor, "r o"], row: int) -> list[bool]:
        """Return which owners of a row take part in the step."""
        return [True] * stepped.shape[1] if stepped is self._every_owner else stepped[row].tolist()

    def _moves_whole(self, row: int) -> bool:
        """Return whether one call of a kernel updates all parameters of a row."""
        return self._updated_equally[row] and not self._any_steps_directly
