"""The shared parameters of a network, and the gradient of a step from a direction on them and private gradients."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.bank import Slot
from mtl_core.layers.parameter_layout import Layout
from mtl_core.layers.sum_of_parts import sum_of_parts


@dataclass(frozen=True)
class _Piece:
    """Neighbouring shared copies of one slot: where they stand in it, and in a row of shared parameters."""

    slot: int
    copies: slice
    columns: slice


class SharedParameters:
    """The q trained parameters that at least two tasks use, in the order of the layout.

    Args:
        layout: layout of the network's parameters.
        among: slots whose shared parameters count; by default all trained slots.
    """

    def __init__(self, layout: Layout, among: Collection[Slot] | None = None) -> None:
        self._layout = layout
        self._pieces: list[_Piece] = []
        self._task = [
            FixedTensor([layout.tasks.index(min(layout.users(copy))) for copy in slot.copies])
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
        counted = [slot for slot in layout.trained if among is None or slot in among]
        users = frozenset[str]().union(
            *(layout.users(one) for slot in counted for one in slot.copies if layout.is_shared(one))
        )
        self._users = None if users.issuperset(layout.tasks) else FixedTensor([task in users for task in layout.tasks])
        self.slots = list(dict.fromkeys(piece.slot for piece in self._pieces))
        """Numbers of the trained slots that have shared copies."""
        self.private_slots = [
            number for number, slot in enumerate(layout.trained) if not all(map(layout.is_shared, slot.copies))
        ]
        """Numbers of the trained slots that have private copies."""

    def users_among(self, present: Bool[Tensor, "r t"]) -> Bool[Tensor, "r t"]:
        """Return which of the present tasks use any of these parameters."""
        return present if self._users is None else present & self._users.at(present.device)

    def write(self, gradients: Sequence[Tensor | None], row: Float[Tensor, "*r q"]) -> None:
        """Write the gradients of :attr:`slots` into ``row``, in the order of the shared parameters.

        Args:
            gradients: gradient of each slot of :attr:`slots`, ``[*r, c, *s]``; ``None`` is zero.
            row: memory for the gradient on the shared parameters.
        """
        by_slot = dict(zip(self.slots, gradients, strict=True))
        for piece in self._pieces:
            gradient, target = by_slot[piece.slot], row[..., piece.columns]
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
        penalised: bool = False,
    ) -> list[Float[Tensor, "r s"]]:
        """Return the gradient of a step for every trained slot.

        Args:
            shared: direction on the shared parameters.
            own: gradient of the sum of the tasks' losses by every trained slot; only private copies are read.
            factors: factor of each task's gradient on its private copies.
            penalty: gradient of the architecture's penalties by every trained slot; empty if there are none.
            penalised: whether ``shared`` holds the penalties' part already, so that only private copies get theirs.
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
                own_factors = factors.index_select(1, self._task[number].at(factors.device))
                parts.append(gradient.reshape(shape) * own_factors.unsqueeze(2))
        if not penalised:
            self._place(shared, parts)
        for part, addition in zip(parts, penalty, strict=False):
            if addition is not None:
                part += addition.reshape(part.shape)
        if penalised:
            self._place(shared, parts)
        return [part.flatten(1) for part in parts]

    def _place(self, shared: Float[Tensor, "r q"], parts: Sequence[Float[Tensor, "r c n"]]) -> None:
        """Write the direction on the shared parameters to their places in the slots."""
        for piece in self._pieces:
            numel = self._layout.trained[piece.slot].numel
            parts[piece.slot][:, piece.copies] = shared[:, piece.columns].unflatten(1, (-1, numel))

    def shorten_(self, gradients: Sequence[Float[Tensor, "r s"]], norm: float) -> None:
        """Shorten each replica's gradient on the shared parameters, in place, to the norm ``norm`` where it is longer.

        Args:
            gradients: gradient of every trained slot; entries of private copies stay as they are.
            norm: largest norm on the shared parameters.
        """
        if not self._pieces:
            return
        parts = [
            gradients[piece.slot].unflatten(1, (-1, self._layout.trained[piece.slot].numel))[:, piece.copies]
            for piece in self._pieces
        ]
        squares = sum_of_parts([part.square().flatten(1).sum(dim=1) for part in parts])
        factor = norm / squares.sqrt().clamp(min=norm)
        for part in parts:
            part.mul_(factor.view(-1, 1, 1))


def shared_stages(layout: Layout) -> dict[str, Int[Tensor, " n"]]:
    """Return for each stage the places of its parameters among the shared parameters.

    A stage is named by the first part of its slots' names: ``stage0``, or a connection of stages such as ``stitch0``.
    Stages are in forward order; those without shared parameters are left out.
    """
    names = list(dict.fromkeys(_stage(slot) for slot in layout.trained))
    numbers = torch.tensor([names.index(_stage(slot)) for slot in layout.trained])
    sizes = torch.tensor(layout.sizes[: len(layout.trained)])
    stage = numbers.repeat_interleave(sizes)[layout.shared]
    places = {name: (stage == number).nonzero().squeeze(1) for number, name in enumerate(names)}
    return {name: place for name, place in places.items() if len(place)}


def last_shared_stage(layout: Layout) -> list[Slot]:
    """Return the trained slots of the last stage that has shared parameters; connections of stages do not count."""
    shared = [_stage(slot) for slot in layout.trained if any(map(layout.is_shared, slot.copies))]
    stages = [name for name in shared if name.startswith("stage")]
    return [slot for slot in layout.trained if stages and _stage(slot) == stages[-1]]


def tasks_sharing_stage(layout: Layout) -> Bool[Tensor, "s t t"]:
    """Return for each stage of :func:`shared_stages` which pairs of tasks have parameters of it in common.

    The diagonal tells whether a task shares any parameters of the stage.
    """
    users: dict[str, list[list[bool]]] = {}
    for slot in layout.trained:
        if members := shared_copy_users(slot, layout):
            users.setdefault(_stage(slot), []).extend(members)
    groups = [torch.tensor(members) for members in users.values()]
    return torch.stack([(group[:, :, None] & group[:, None, :]).any(dim=0) for group in groups])


def shared_copy_users(slot: Slot, layout: Layout) -> list[list[bool]]:
    """Return for each shared copy of ``slot`` which of the layout's tasks use it."""
    return [[task in layout.users(one) for task in layout.tasks] for one in slot.copies if layout.is_shared(one)]


def _stage(slot: Slot) -> str:
    return slot.name.partition(".")[0]
