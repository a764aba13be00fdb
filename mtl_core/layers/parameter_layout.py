"""The layout of a replica's parameters: packed as one row of p numbers, unpacked as one tensor per slot.

Packed, the parameters of r replicas are ``[r, p]``, so that checkpoint, refill, compaction and export are row
operations.  Unpacked, every slot is a contiguous ``[r, c·numel]``, which batched products take without copying.  The
trained slots come first in a row; buffers, which the optimiser does not update, follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.bank import Copy, Slot, Theta
from mtl_core.randomness.seeding import generator


class Layout:
    """The order of the slots in a row of parameters, and the owner of each part of the row.

    The *owner* of a copy is the set of tasks whose losses depend on it.  Owner 0 is all tasks, owner 1 + i is task i
    alone, and groups of several tasks follow where an architecture has them.

    Args:
        slots: slots of all layers, in forward order.
        tasks: names of the tasks, in order.
    """

    def __init__(self, slots: Sequence[Slot], tasks: Sequence[str]) -> None:
        streams = [(slot.name, copy.name) for slot in slots for copy in slot.copies]
        assert len(set(streams)) == len(streams), "two copies share a name, hence an initialisation stream"
        self.trained = tuple(slot for slot in slots if slot.trained)
        self.buffers = tuple(slot for slot in slots if not slot.trained)
        self.slots = self.trained + self.buffers
        self.sizes = [len(slot.copies) * slot.numel for slot in self.slots]
        self.size = sum(self.sizes)
        self.num_trained = sum(self.sizes[: len(self.trained)])
        self.tasks = tuple(tasks)
        all_tasks = frozenset(tasks)
        used = [all_tasks if copy.users is None else copy.users for slot in slots for copy in slot.copies]
        self.owner_sets = tuple(dict.fromkeys([all_tasks, *(frozenset((task,)) for task in tasks), *used]))
        self._members = FixedTensor([[task in owner for task in self.tasks] for owner in self.owner_sets])

    def initialise(self, seeds: Sequence[int]) -> Float[Tensor, "r p"]:
        """Return initial parameters, a row for each seed; every slot and copy draws from a random stream of its own."""
        rows = [
            torch.cat(
                [
                    slot.initialise(generator(seed, "init", slot.stream or slot.name, copy.name)).flatten()
                    for slot in self.slots
                    for copy in slot.copies
                ]
            )
            for seed in seeds
        ]
        return torch.stack(rows)

    def unpack(self, flat: Float[Tensor, "r p"]) -> list[Float[Tensor, "r s"]]:
        """Return packed rows, of all slots or of the trained ones alone, as a tensor for every slot."""
        sizes = self.sizes if flat.shape[1] == self.size else self.sizes[: len(self.trained)]
        return [part.contiguous() for part in flat.split(sizes, dim=1)]

    def pack(self, parts: Sequence[Float[Tensor, "r s"]]) -> Float[Tensor, "r p"]:
        """Return the tensors of the slots, without their graph, as packed rows."""
        return torch.cat([part.detach() for part in parts], dim=1)

    def theta(self, parts: Sequence[Float[Tensor, "r s"]]) -> Theta:
        """Return the parameters of a forward pass: leaves that share memory with ``parts``.

        An update of ``parts`` in place therefore changes the network at once.
        """
        return {
            slot: part.detach().view(len(part), len(slot.copies), *slot.shape).requires_grad_(slot.trained)
            for slot, part in zip(self.slots, parts, strict=True)
        }

    def gradient(self, objective: Float[Tensor, ""], theta: Theta) -> list[Float[Tensor, "r s"]]:
        """Return the gradient of ``objective`` for every trained slot.

        Args:
            objective: a sum over replicas, so that each row of its gradient is that replica's own gradient.
            theta: the parameters that it was computed from.
        """
        leaves = [theta[slot] for slot in self.trained]
        gradients = torch.autograd.grad(objective, leaves, allow_unused=True, materialize_grads=True)
        return [part.flatten(1) for part in gradients]

    def segments(self) -> list[list[tuple[int, int, int]]]:
        """Return for each owner its ranges in the trained slots, as (number of the slot, begin, end)."""
        owners: list[list[tuple[int, int, int]]] = [[] for _ in self.owner_sets]
        for number, slot in enumerate(self.trained):
            for place, copy in enumerate(slot.copies):
                owners[self._owner(copy)].append((number, place * slot.numel, (place + 1) * slot.numel))
        return owners

    def owners(self) -> Int[Tensor, " p"]:
        """Return the owner of every trained parameter of a row."""
        return self.fixed_owners.values

    @cached_property
    def fixed_owners(self) -> FixedTensor:
        """What :meth:`owners` returns, for any device."""
        owners = np.array([self._owner(copy) for slot in self.trained for copy in slot.copies], dtype=np.int64)
        sizes = [slot.numel for slot in self.trained for _ in slot.copies]
        return FixedTensor(owners.repeat(sizes))

    @cached_property
    def shared(self) -> Bool[Tensor, " p"]:
        """Which trained parameters of a row at least two tasks use."""
        return torch.tensor([len(owner) > 1 for owner in self.owner_sets])[self.owners()]

    def stepped(self, present: Bool[Tensor, "r t"]) -> Bool[Tensor, "r o"]:
        """Return which of the o owners have a task that is present."""
        return (present.unsqueeze(1) & self._members.at(present.device)).any(dim=2)

    def users(self, copy: Copy) -> frozenset[str]:
        """Return the tasks whose losses depend on ``copy``."""
        return self.owner_sets[self._owner(copy)]

    def is_shared(self, copy: Copy) -> bool:
        """Return whether at least two tasks use ``copy``."""
        return len(self.users(copy)) > 1

    def count_shared(self) -> int:
        """Return the number of trained parameters that at least two tasks use."""
        return sum(slot.numel for slot in self.trained for copy in slot.copies if self.is_shared(copy))

    def _owner(self, copy: Copy) -> int:
        return 0 if copy.users is None else self.owner_sets.index(copy.users)
