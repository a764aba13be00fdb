"""Where every parameter of a replica lives: one row of p numbers.

Layers see views of the rows, gradients come back as one concatenation, and checkpoint, refill, compaction and export
are row operations.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import SHARED, Slot, Theta
from mtl_core.seeding import generator


class Layout:
    """The order of the slots in a row, and which task owns which part of it.

    Args:
        slots: of all layers, in forward order.
        tasks: names, in order; a copy of any other name is shared.
    """

    def __init__(self, slots: Sequence[Slot], tasks: Sequence[str]) -> None:
        names = [slot.name for slot in slots]
        assert len(set(names)) == len(names), "two slots share a name, hence an initialisation stream"
        self.slots = tuple(slots)
        self.sizes = [len(slot.copies) * slot.numel for slot in slots]
        self.size = sum(self.sizes)
        self._tasks = tuple(tasks)

    def initialise(self, seeds: Sequence[int]) -> Float[Tensor, "r p"]:
        """A row for each seed; every slot and copy draws from its own stream."""
        rows = [
            torch.cat(
                [
                    slot.initialise(generator(seed, "init", slot.name, copy)).flatten()
                    for slot in self.slots
                    for copy in slot.copies
                ]
            )
            for seed in seeds
        ]
        return torch.stack(rows)

    def theta(self, flat: Float[Tensor, "r p"]) -> Theta:
        """Leaves that share memory with ``flat``: an update of the rows in place is seen by the layers at once."""
        parts = flat.detach().split(self.sizes, dim=1)
        return {
            slot: part.view(len(flat), len(slot.copies), *slot.shape).requires_grad_()
            for slot, part in zip(self.slots, parts, strict=True)
        }

    def gradient(self, objective: Float[Tensor, ""], theta: Theta, into: Float[Tensor, "r p"]) -> None:
        """The gradient of a sum over replicas, which is every replica's own gradient, written as rows."""
        parts = torch.autograd.grad(objective, [theta[slot] for slot in self.slots])
        torch.cat([part.flatten(1) for part in parts], dim=1, out=into)

    def segments(self) -> list[list[tuple[int, int]]]:
        """Ranges of a row by owner: first the shared ones, then those of each task."""
        owners: list[list[tuple[int, int]]] = [[] for _ in range(1 + len(self._tasks))]
        start = 0
        for slot in self.slots:
            for copy in slot.copies:
                owner = owners[1 + self._tasks.index(copy) if copy in self._tasks else 0]
                if owner and owner[-1][1] == start:
                    owner[-1] = (owner[-1][0], start + slot.numel)
                else:
                    owner.append((start, start + slot.numel))
                start += slot.numel
        return owners

    def count_shared(self) -> int:
        """Number of parameters that at least two tasks use."""
        return sum(slot.numel * slot.copies.count(SHARED) for slot in self.slots)
