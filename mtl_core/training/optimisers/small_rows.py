"""The optimiser's step for rows of few parameters on a CPU: one call of a kernel for all, and the rates afterwards.

The kernels of ``torch.optim`` take one learning rate and one weight decay for all of their tensors.  A call for every
row costs more than the arithmetic where rows are small.  So one call moves rows of zeros at a rate of 1, and what it
has moved is added to the parameters at each row's own rate, in two more passes over memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.training.optimisers.fused_kernels import move
from mtl_core.training.optimisers.on_host import HostOptimiser
from mtl_core.training.optimisers.padded_rows import PaddedRows

LARGEST = 40_000
"""Parameters of a row up to which the further passes cost less than the further calls."""
_UNDECAYED = {"weight_decay": 0.0}


class SmallRowsOptimiser(HostOptimiser):
    """Moves rows of zeros at a rate of 1, all rows at once where they are alike, and adds that at their own rates."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        settings = {tuple(row[name] for name in ("beta1", "beta2", "momentum")) for row in self._settings}
        self._rows_alike = len(settings) == 1 and bool((self._updates == self._updates[0, 0]).all())
        """Whether one call can serve all rows: they have the same settings, and began as equally old."""

    def _held(
        self, first: Float[Tensor, "r p"], second: Float[Tensor, "r p"]
    ) -> tuple[list[Float[Tensor, "r s"]], list[Float[Tensor, "r s"]]]:
        self._rows = rows = PaddedRows(first, second, self._layout.sizes[: len(self._layout.trained)])
        return rows.by_slot(rows.first), rows.by_slot(rows.second)

    def _update(
        self,
        gradients: Sequence[Float[Tensor, "r s"]],
        rates: Float[Tensor, " r"],
        stepped: Bool[Tensor, "r o"],
        on_device: Float[Tensor, " r"] | None,
    ) -> None:
        self._note_absences(stepped)
        rows, parameters, decay = self._rows, self._parameters, self._column("weight_decay")
        rows.begin(gradients)
        if self._name == "sgd":
            rows.add_decay(parameters, decay)
        all_whole = all(self._updated_equally) and not self._any_steps_directly
        if all_whole and self._rows_alike:
            tensors = [rows.moved], [rows.gradient], [rows.first], [rows.second]
            move(self._name, *tensors, [self._updates[0, 0]], 1.0, self._settings[0] | _UNDECAYED)
        else:
            for row in range(len(rates)):
                self._move_row(row, self._owners_stepped(stepped, row))
        kept = None
        if self._name == "adamw":
            factors = 1 - rates.unsqueeze(1) * decay.double()
            kept = [factors.to(decay)] * len(parameters)
            if not all_whole:
                of_parameters = torch.where(stepped[:, self._layout.owners()], kept[0], 1.0)
                kept = list(of_parameters.split(self._layout.sizes[: len(parameters)], dim=1))
        rows.apply(parameters, rates.to(decay.dtype).unsqueeze(1), kept)

    def _move_row(self, row: int, stepped: Sequence[bool]) -> None:
        """Move one row, owner by owner where its tasks were not present at every step."""
        settings, rows = self._settings[row] | _UNDECAYED, self._rows
        if self._moves_whole(row):
            moved, gradient, first, second = (
                [part[row]] for part in (rows.moved, rows.gradient, rows.first, rows.second)
            )
            move(self._name, moved, gradient, first, second, [self._updates[row, 0]], 1.0, settings)
            return
        tensors = [[part[row] for part in rows.by_slot(packed)] for packed in (rows.gradient, rows.moved)] + [
            [part[row] for part in parts] for parts in (self._first, self._second)
        ]
        for owner, (moves, direct) in enumerate(zip(stepped, self._steps_directly, strict=True)):
            for number, begin, end in self._segments[owner] if moves else ():
                gradient, moved, first, second = (parts[number][begin:end] for parts in tensors)
                if direct:
                    moved.sub_(gradient)
                else:
                    move(self._name, [moved], [gradient], [first], [second], [self._updates[row, owner]], 1.0, settings)
