"""Where the shared parameters of each stage stand in a row, and which tasks meet there."""

from __future__ import annotations

import copy

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mtl_core.layers.bank import Slot
from mtl_core.layers.parameter_layout import Layout
from mtl_core.network.network import Network


def meeting_place(network: Network) -> Network:
    """The same network, of which only slots with shared parameters count as trained: others need no gradient."""
    layout = network.layout
    view = copy.copy(network)
    view.layout = Layout([slot for slot in layout.trained if _users(slot, layout)], layout.tasks)
    return view


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


def compared(layout: Layout) -> Bool[Tensor, "s t t"]:
    """Which tasks have parameters of a stage in common; with itself: whether a task shares any."""
    users: dict[str, list[list[bool]]] = {}
    for slot in layout.trained:
        if members := _users(slot, layout):
            users.setdefault(_stage(slot), []).extend(members)
    groups = [torch.tensor(members) for members in users.values()]
    return torch.stack([(group[:, :, None] & group[:, None, :]).any(dim=0) for group in groups])


def _users(slot: Slot, layout: Layout) -> list[list[bool]]:
    """Which tasks use each copy that several do."""
    return [[task in layout.users(one) for task in layout.tasks] for one in slot.copies if layout.is_shared(one)]


def _stage(slot: Slot) -> str:
    return slot.name.partition(".")[0]
