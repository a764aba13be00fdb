"""A tree of stages."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import SHARED, Copy, Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.sharing import Sharing
from mtl_core.task_tree import Tree, fault, in_order


class Branch(Sharing):
    """A tree: at each stage the tasks of a group have one copy in common, and groups part on the way up.

    y_i = head_i(f_L^{G_L(i)}(… f_1^{G_1(i)}(x))), where G_l(i) is the group of task i at stage l and G_(l+1) refines
    G_l.  One group everywhere is ``hard`` with all stages shared, groups of one are ``independent``.

    Source: S. Vandenhende, S. Georgoulis, B. De Brabandere & L. Van Gool, "Branched multi-task networks: deciding what
    layers to share", BMVC 2020.

    Differs from the paper: nothing; the paper's way to find the tree is :mod:`mtl_core.task_grouping.affinity`.

    Args:
        tree: for each stage a list of groups of task names.
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
        self._leaves = [_home(task, levels[-1]) for task in self.tasks]

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r c b *f"]:
        h, own = self.backbone.enter(x), x.shape[1] > 1
        for level in self._levels:
            h = level.each(theta, h, context) if own else level.together(theta, h, context)
        return h if own or h.shape[1] == 1 else _taken(h, self._leaves)

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
    """The copies of one stage.

    Groups of one size are a bank, for with inputs of their own they have batches of one size.

    Args:
        groups: of this stage.
        above: of the stage before.
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
        self._parents = [[_home(group[0], above) for group in bank] for bank in banks]
        self._members = [[tasks.index(task) for group in bank for task in group] for bank in banks]
        self._group_order = _inverse([groups.index(group) for bank in banks for group in bank])
        self._task_order = _inverse([member for members in self._members for member in members])

    def together(
        self, theta: Theta, h: Float[Tensor, "r c b *f"], context: ForwardContext
    ) -> Float[Tensor, "r g b *o"]:
        """A signal for each group, from a signal for each group before: all tasks see the same examples."""
        pairs = zip(self.stages, self._parents, strict=True)
        parts = [stage(theta, _taken(h, parents), context) for stage, parents in pairs]
        return _taken(torch.cat(parts, dim=1) if len(parts) > 1 else parts[0], self._group_order)

    def each(self, theta: Theta, h: Float[Tensor, "r t b *f"], context: ForwardContext) -> Float[Tensor, "r t b *o"]:
        """A signal for each task: a group's examples are one batch."""
        parts = []
        for stage, members in zip(self.stages, self._members, strict=True):
            grouped = _taken(h, members).reshape(len(h), len(stage.copies), -1, *h.shape[3:])
            out = stage(theta, grouped, context)
            parts.append(out.reshape(len(h), len(members), -1, *out.shape[3:]))
        return _taken(torch.cat(parts, dim=1) if len(parts) > 1 else parts[0], self._task_order)


def _copy(group: Sequence[str], tasks: Sequence[str]) -> Copy:
    """Starts like ``hard``'s shared copy, like ``independent``'s private one, or like none of these."""
    if len(group) == len(tasks):
        return SHARED
    name = group[0] if len(group) == 1 else repr(sorted(group))
    return Copy(name, frozenset(group))


def _home(task: str, groups: Sequence[Sequence[str]]) -> int:
    return next(place for place, group in enumerate(groups) if task in group)


def _inverse(order: Sequence[int]) -> list[int]:
    return sorted(range(len(order)), key=order.__getitem__)


def _taken(h: Float[Tensor, "r c *f"], places: Sequence[int]) -> Float[Tensor, "r n *f"]:
    """The signals at ``places``, without a copy where that can be."""
    if list(places) == list(range(h.shape[1])):
        return h
    if h.shape[1] == 1:
        return h.expand(-1, len(places), *[-1] * (h.ndim - 2))
    return h.index_select(1, torch.tensor(places, device=h.device))
