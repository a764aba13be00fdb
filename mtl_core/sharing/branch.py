"""A tree of stages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.bank import SHARED, Copy, Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.sharing import Sharing
from mtl_core.task_tree import Tree, fault, in_order


class Branch(Sharing):
    """The stages form a given tree: tasks of a group share one copy of a stage, and groups split at later stages.

    y_i = head_i(f_L^{G_L(i)}(… f_1^{G_1(i)}(x))), where G_l(i) is the group of task i at stage l and G_(l+1) refines
    G_l.  A single group at every stage is ``hard`` with all stages shared; groups of one task are ``independent``.

    Source: S. Vandenhende, S. Georgoulis, B. De Brabandere & L. Van Gool, "Branched multi-task networks: deciding what
    layers to share", BMVC 2020.

    Differs from the paper: nothing; the paper's way to find the tree is :mod:`mtl_core.task_grouping.affinity`.

    Args:
        tree: for each stage a list of groups, each a list of task names.
    """

    uses_depth = False

    def __init__(
        self, backbone: Backbone, tasks: Sequence[str], depth: int | None, *, tree: Tree | None = None
    ) -> None:
        super().__init__(backbone, tasks, depth)
        assert tree is not None, "why_infeasible() asks for a tree"
        levels = in_order(tree, self.tasks)
        above = [[list(self.tasks)], *levels[:-1]]
        self.parts = self._levels = [
            _Level(backbone, level, groups, before, self.tasks)
            for level, (groups, before) in enumerate(zip(levels, above, strict=True))
        ]
        self._leaves = [_group_of(task, levels[-1]) for task in self.tasks]

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r c b *f"]:
        h, own = self.backbone.enter(x), x.shape[1] > 1
        for level in self._levels:
            h = level.by_task(theta, h, context) if own else level.by_group(theta, h, context)
        return h if own or h.shape[1] == 1 else _select(h, self._leaves)

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        reason = super().why_infeasible(recipe, development)
        if reason:
            return reason
        tree = recipe.sharing_options.get("tree")
        if tree is None:
            return "no tree: write one out, or tree: affinity to have it found"
        return fault(tree, [task.name for task in development.tasks], recipe.stages)


class _Level:
    """The copies of one stage, one for each group of tasks.

    Groups of one size form a bank: where tasks have inputs of their own, these groups have batches of one size.

    Args:
        backbone: makes the stage.
        level: position of the stage.
        groups: of this stage, each with the names of its tasks.
        above: groups of the stage before.
        tasks: names, in order.
    """

    def __init__(
        self,
        backbone: Backbone,
        level: int,
        groups: Sequence[Sequence[str]],
        above: Sequence[Sequence[str]],
        tasks: Sequence[str],
    ) -> None:
        sizes = sorted({len(group) for group in groups})
        banks = [[group for group in groups if len(group) == size] for size in sizes]
        self.stages = [backbone.stage(level, tuple(_copy(group, tasks) for group in bank)) for bank in banks]
        self.slots = tuple(slot for stage in self.stages for slot in stage.slots)
        self._banks = banks
        self._parents = [[_group_of(group[0], above) for group in bank] for bank in banks]
        self._members = [[tasks.index(task) for group in bank for task in group] for bank in banks]
        self._group_order = _inverse([groups.index(group) for bank in banks for group in bank])
        self._task_order = _inverse([member for members in self._members for member in members])

    def by_group(
        self, theta: Theta, h: Float[Tensor, "r c b *f"], context: ForwardContext
    ) -> Float[Tensor, "r g b *o"]:
        """Return a signal for each group from those of the stage before; all tasks see the same examples."""
        pairs = zip(self.stages, self._parents, strict=True)
        parts = [stage(theta, _select(h, parents), context) for stage, parents in pairs]
        return _select(torch.cat(parts, dim=1) if len(parts) > 1 else parts[0], self._group_order)

    def by_task(self, theta: Theta, h: Float[Tensor, "r t b *f"], context: ForwardContext) -> Float[Tensor, "r t b *o"]:
        """Return a signal for each task; the examples of a group's tasks form one batch."""
        parts = []
        for stage, bank, members in zip(self.stages, self._banks, self._members, strict=True):
            grouped = _select(h, members).reshape(len(h), len(stage.copies), -1, *h.shape[3:])
            out = stage(theta, grouped, context.grouping(bank))
            parts.append(out.reshape(len(h), len(members), -1, *out.shape[3:]))
        return _select(torch.cat(parts, dim=1) if len(parts) > 1 else parts[0], self._task_order)


def _copy(group: Sequence[str], tasks: Sequence[str]) -> Copy:
    """The copy of a group; that of all tasks starts like the copy of ``hard``, that of one like ``independent``'s."""
    if len(group) == len(tasks):
        return SHARED
    name = group[0] if len(group) == 1 else repr(sorted(group))
    return Copy(name, frozenset(group))


def _group_of(task: str, groups: Sequence[Sequence[str]]) -> int:
    return next(place for place, group in enumerate(groups) if task in group)


def _inverse(order: Sequence[int]) -> list[int]:
    return sorted(range(len(order)), key=order.__getitem__)


def _select(h: Float[Tensor, "r c *f"], places: Sequence[int]) -> Float[Tensor, "r n *f"]:
    """The signals at ``places``, without copying memory where that is possible."""
    if list(places) == list(range(h.shape[1])):
        return h
    if h.shape[1] == 1:
        return h.expand(-1, len(places), *[-1] * (h.ndim - 2))
    return h.index_select(1, _fixed(tuple(places)).at(h.device))


@cache
def _fixed(places: tuple[int, ...]) -> FixedTensor:
    return FixedTensor(places)
