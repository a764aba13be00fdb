"""The optimiser's step for rows of many parameters on a CPU: a call of a kernel for every row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.training.optimisers.fused_kernels import move
from mtl_core.training.optimisers.on_host import HostOptimiser


class RowByRowOptimiser(HostOptimiser):
    """Updates every row with a call of its own, in one pass over memory."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._of_row = [
            tuple([tensor[row] for tensor in tensors] for tensors in (self._parameters, self._first, self._second))
            for row in range(len(self._updates))
        ]
        """Of every row: its parameters, first moments and second moments, slot by slot."""

    def _update(
        self,
        gradients: Sequence[Float[Tensor, "r s"]],
        rates: Float[Tensor, " r"],
        stepped: Bool[Tensor, "r o"],
        on_device: Float[Tensor, " r"] | None,
    ) -> None:
        self._note_absences(stepped)
        by_row = zip(*(gradient.unbind(0) for gradient in gradients), strict=True)
        for row, (of_row, rate) in enumerate(zip(by_row, rates.unbind(), strict=True)):
            if self._moves_whole(row):
                counts = [self._updates[row, 0]] * len(of_row)
                parameters, first, second = self._of_row[row]
                move(self._name, parameters, list(of_row), first, second, counts, rate, self._settings[row])
            elif any(owners := self._owners_stepped(stepped, row)):
                self._update_owners(row, of_row, rate.item(), owners)

    def _update_owners(self, row: int, gradients: Sequence[Tensor], rate: float, stepped: Sequence[bool]) -> None:
        """Update the parameters of those owners of a row that take part in the step."""
        settings, pairs = self._settings[row], list(zip(stepped, self._steps_directly, strict=True))
        own, counts = self._parts(row, gradients, [moved and not direct for moved, direct in pairs])
        if counts:
            gradient, parameters, first, second = own
            move(self._name, parameters, gradient, first, second, counts, rate, settings)
        (directions, parameters, *_), _ = self._parts(row, gradients, [moved and direct for moved, direct in pairs])
        for direction, parameter in zip(directions, parameters, strict=True):
            parameter.mul_(1 - rate * settings["weight_decay"]).add_(direction, alpha=-rate)

    def _parts(
        self, row: int, gradients: Sequence[Tensor], chosen: Sequence[bool]
    ) -> tuple[list[list[Tensor]], list[Tensor]]:
        """Return what the chosen owners have of a row, part by part, and how often each part was updated.

        The parts are of the gradients, the parameters, the first and the second moments, in this order.
        """
        ranges = [(owner, part) for owner, parts in enumerate(self._segments) if chosen[owner] for part in parts]
        sliced = [
            [tensors[number][begin:end] for _, (number, begin, end) in ranges]
            for tensors in (gradients, *self._of_row[row])
        ]
        return sliced, [self._updates[row, owner] for owner, _ in ranges]
