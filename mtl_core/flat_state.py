"""Where the parameters of a replica live: one row of p numbers at rest, one tensor per slot at work.

At rest — in checkpoints, on refill, compaction and export — a replica is a row of ``[r, p]``, so that these are row
operations.  At work every slot is a contiguous ``[r, c·numel]``, which batched products take without copying.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
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

    def unpack(self, flat: Float[Tensor, "r p"]) -> list[Float[Tensor, "r s"]]:
        """Rows at rest as working memory: a tensor of its own for every slot."""
        return [part.contiguous() for part in flat.split(self.sizes, dim=1)]

    def pack(self, parts: Sequence[Float[Tensor, "r s"]]) -> Float[Tensor, "r p"]:
        """Working memory as rows at rest."""
        return torch.cat([part.detach() for part in parts], dim=1)

    def theta(self, parts: Sequence[Float[Tensor, "r s"]]) -> Theta:
        """Leaves that share memory with ``parts``: an update in place is seen by the layers at once."""
        return {
            slot: part.detach().view(len(part), len(slot.copies), *slot.shape).requires_grad_()
            for slot, part in zip(self.slots, parts, strict=True)
        }

    def gradient(self, objective: Float[Tensor, ""], theta: Theta) -> list[Float[Tensor, "r s"]]:
        """The gradient, slot by slot, of a sum over replicas, which is every replica's own gradient."""
        leaves = [theta[slot] for slot in self.slots]
        return [part.flatten(1) for part in torch.autograd.grad(objective, leaves)]

    def segments(self) -> list[list[tuple[int, int, int]]]:
        """Slot number, begin and end of what each owner has: first the shared parts, then those of each task."""
        owners: list[list[tuple[int, int, int]]] = [[] for _ in range(1 + len(self._tasks))]
        for number, slot in enumerate(self.slots):
            for place, copy in enumerate(slot.copies):
                owner = 1 + self._tasks.index(copy) if copy in self._tasks else 0
                owners[owner].append((number, place * slot.numel, (place + 1) * slot.numel))
        return owners

    def owners(self) -> Int[Tensor, " p"]:
        """The owner of every parameter of a row: 0 for shared ones, 1 + position of the task for private ones."""
        of_slot = [
            torch.tensor([1 + self._tasks.index(copy) if copy in self._tasks else 0 for copy in slot.copies])
            for slot in self.slots
        ]
        return torch.cat(
            [owners.repeat_interleave(slot.numel) for owners, slot in zip(of_slot, self.slots, strict=True)]
        )

    def count_shared(self) -> int:
        """Number of parameters that at least two tasks use."""
        return sum(slot.numel * slot.copies.count(SHARED) for slot in self.slots)
