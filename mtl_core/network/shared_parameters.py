"""Which trained parameters are shared, and how a direction on them and the tasks' own gradients become one gradient."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.layers.bank import Slot
from mtl_core.layers.parameter_layout import Layout


@dataclass(frozen=True)
class _Piece:
    """Neighbouring shared copies of one slot: where they stand in it, and in a row of shared parameters."""

    slot: int
    copies: slice
    columns: slice


class SharedPart:
    """The parameters that at least two tasks use, in the order of the layout: a row of q columns.

    Args:
        layout: of the network.
        among: the slots that count; by default all that are trained.
    """

    def __init__(self, layout: Layout, among: Collection[Slot] | None = None) -> None:
        self._layout = layout
        self._pieces: list[_Piece] = []
        self._task = [
            torch.tensor([layout.tasks.index(min(layout.users(copy))) for copy in slot.copies])
            for slot in layout.trained
        ]
        self.size = 0
        for number, slot in enumerate(layout.trained):
            begin = 0 if among is None or slot in among else len(slot.copies)
            while begin < len(slot.copies):
                end, shared = begin + 1, layout.is_shared(slot.copies[begin])
                while end < len(slot.copies) and layout.is_shared(slot.copies[end]) == shared:
                    end += 1
                if shared:
                    columns = slice(self.size, self.size + (end - begin) * slot.numel)
                    self._pieces.append(_Piece(number, slice(begin, end), columns))
                    self.size = columns.stop
                begin = end
        self.slots = list(dict.fromkeys(piece.slot for piece in self._pieces))
        """Numbers of the trained slots that have shared copies."""
        self.private_slots = [
            number for number, slot in enumerate(layout.trained) if not all(map(layout.is_shared, slot.copies))
        ]
        """Numbers of the trained slots that have private copies."""

    def write(self, gradients: Sequence[Tensor | None], row: Float[Tensor, "*r q"]) -> None:
        """Lay out gradients of :attr:`slots`, ``[*r, c, *s]`` each or ``None`` for zero, in ``row``."""
        found = dict(zip(self.slots, gradients, strict=True))
        for piece in self._pieces:
            gradient, target = found[piece.slot], row[..., piece.columns]
            if gradient is None:
                target.zero_()
            else:
                shape = (*row.shape[:-1], -1, self._layout.trained[piece.slot].numel)
                target.unflatten(-1, shape[-2:]).copy_(gradient.reshape(shape)[..., piece.copies, :])

    def gradient(
        self,
        shared: Float[Tensor, "r q"],
        own: Sequence[Tensor | None],
        factors: Float[Tensor, "r t"],
        penalty: Sequence[Tensor | None],
    ) -> list[Float[Tensor, "r s"]]:
        """The step's gradient, trained slot by slot.

        Args:
            shared: direction on the shared parameters.
            own: gradients of the tasks' own losses, slot by slot; only what they hold of private copies is read.
            factors: of the own gradients.
            penalty: gradient of the architecture's penalties, slot by slot; empty if there are none.
        """
        replicas = len(shared)
        parts: list[Tensor] = []
        for number, slot in enumerate(self._layout.trained):
            shape = (replicas, len(slot.copies), slot.numel)
            gradient = own[number]
            if number not in self.private_slots:
                parts.append(shared.new_empty(shape))
            elif gradient is None:
                parts.append(shared.new_zeros(shape))
            else:
                parts.append(gradient.reshape(shape) * factors[:, self._task[number]].unsqueeze(2))
        for piece in self._pieces:
            numel = self._layout.trained[piece.slot].numel
            parts[piece.slot][:, piece.copies] = shared[:, piece.columns].unflatten(1, (-1, numel))
        for part, more in zip(parts, penalty, strict=False):
            if more is not None:
                part += more.reshape(part.shape)
        return [part.flatten(1) for part in parts]


def shared_stages(layout: Layout) -> dict[str, Int[Tensor, " n"]]:
    """Where the parameters of each stage stand among the shared ones; stages in forward order.

    A stage is what a slot's name begins with: ``stage0``, and beside it what connects stages, such as ``stitch0``.
    """
    shared = torch.tensor([len(owner) > 1 for owner in layout.owner_sets])[layout.owners()]
    names = list(dict.fromkeys(_stage(slot) for slot in layout.trained))
    numbers = torch.tensor([names.index(_stage(slot)) for slot in layout.trained])
    sizes = torch.tensor(layout.sizes[: len(layout.trained)])
    stage = numbers.repeat_interleave(sizes)[shared]
    places = {name: (stage == number).nonzero().squeeze(1) for number, name in enumerate(names)}
    return {name: found for name, found in places.items() if len(found)}


def last_shared_stage(layout: Layout) -> list[Slot]:
    """The trained slots of the last stage that has shared parameters; what connects stages does not count as one."""
    stages = [name for name in shared_stages(layout) if name.startswith("stage")]
    return [slot for slot in layout.trained if stages and _stage(slot) == stages[-1]]


def tasks_sharing_stage(layout: Layout) -> Bool[Tensor, "s t t"]:
    """Which tasks have parameters of a stage in common; with itself: whether a task shares any."""
    users: dict[str, list[list[bool]]] = {}
    for slot in layout.trained:
        if members := shared_copy_users(slot, layout):
            users.setdefault(_stage(slot), []).extend(members)
    groups = [torch.tensor(members) for members in users.values()]
    return torch.stack([(group[:, :, None] & group[:, None, :]).any(dim=0) for group in groups])


def shared_copy_users(slot: Slot, layout: Layout) -> list[list[bool]]:
    """Which tasks use each copy that several do."""
    return [[task in layout.users(one) for task in layout.tasks] for one in slot.copies if layout.is_shared(one)]


def _stage(slot: Slot) -> str:
    return slot.name.partition(".")[0]
