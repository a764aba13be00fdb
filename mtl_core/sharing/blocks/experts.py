"""Experts: banks of chains of stages, shared by all tasks or a task's own, and how an extraction level mixes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.layers.bank import SHARED, Copy, Slot, Theta, mutual, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.sharing import Chain, share
from mtl_core.sharing.blocks.gates import Gates, mix_groups
from mtl_core.sharing.blocks.option_checks import _numbered


class SharedExperts:
    """Experts that see the examples of all tasks.  The first starts, and drops units, like the trunk of ``hard``.

    Args:
        backbone: makes the stages.
        levels: of the stages.
        number: of experts.
    """

    def __init__(self, backbone: Backbone, levels: Iterable[int], number: int) -> None:
        self.names = _numbered(SHARED.name, number)
        self._chain = Chain(backbone, levels, tuple(Copy(name) for name in self.names))
        self.slots = self._chain.slots

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r g b *i"], context: ForwardContext
    ) -> Float[Tensor, "r e g b *o"]:
        """Every expert's output for every signal: all signals are one batch, of which each expert gets a copy."""
        return self._chain(theta, share(x), context).unflatten(2, (x.shape[1], -1))


class OwnExperts:
    """As many experts for every task.  A task's first starts, and drops units, like its network in ``independent``.

    Args:
        backbone: makes the stages.
        levels: of the stages.
        tasks: names, in order.
        number: of experts of each task.
        reached: whether other tasks reach them, further on.
    """

    def __init__(
        self, backbone: Backbone, levels: Iterable[int], tasks: Sequence[str], number: int, reached: bool
    ) -> None:
        self.names = [_numbered(task, number) for task in tasks]
        self._shape = len(tasks), number
        copies = [
            Copy(name, None if reached else frozenset((task,)))
            for task, names in zip(tasks, self.names, strict=True)
            for name in names
        ]
        self._chain = Chain(backbone, levels, tuple(copies))
        self.slots = self._chain.slots

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r g b *i"], context: ForwardContext
    ) -> Float[Tensor, "r n t b *o"]:
        """The outputs of every task's experts for the signal of all (g = 1), or for the task's own (g = t)."""
        if x.shape[1] > 1:
            x = x.repeat_interleave(self._shape[1], dim=1)
        return self._chain(theta, x, context).unflatten(1, self._shape).transpose(1, 2)


class Seen(NamedTuple):
    """What an extraction level sees of a signal: its stages, and its gates."""

    stages: Float[Tensor, "r g b *f"]
    gates: Float[Tensor, "r g b d"]


def seen(h: Float[Tensor, "r g b *f"], feature_axis: int) -> Seen:
    """A mixture as the next level sees it: gates take the mean over places or tokens."""
    if h.ndim == 4:
        return Seen(h, h)
    return Seen(h, h.movedim(feature_axis, -1).flatten(3, -2).mean(dim=3))


class Extraction:
    """One level of customised gate control: own and shared experts, and for every task a gate over its own and these.

    Where a further level follows, a shared gate mixes all experts for the shared ones of that level.

    Source: H. Tang et al., "Progressive layered extraction (PLE): a novel multi-task learning model for personalized
    recommendations", RecSys 2020, sections 4.1 and 4.2.

    Args:
        backbone: makes the stages.
        levels: of the stages that make up an expert.
        tasks: names, in order.
        shared, own: experts of all tasks, and of each.
        following: extraction levels behind this one.
    """

    def __init__(
        self, backbone: Backbone, levels: range, tasks: Sequence[str], shared: int, own: int, following: int = 0
    ) -> None:
        first = levels[0]
        inputs = backbone.channels_at(first - 1) if first else backbone.num_inputs
        mixes_all = following > 0 and shared > 0
        self._own = OwnExperts(backbone, levels, tasks, own, reached=mixes_all) if own else None
        self._shared = SharedExperts(backbone, levels, shared) if shared else None
        own_names = self._own.names if self._own else [[] for _ in tasks]
        shared_names = self._shared.names if self._shared else []
        # what a task's gate mixes reaches the others by the next level's own experts, if a shared gate mixes these
        copies = mutual(tasks) if mixes_all and following > 1 else private(tasks)
        self._gates = Gates(f"gate{first}", copies, [[*names, *shared_names] for names in own_names], inputs)
        self._shared_gate = None
        if mixes_all:
            everybody = [*(name for names in own_names for name in names), *shared_names]
            self._shared_gate = Gates(f"shared_gate{first}", (SHARED,), [everybody], inputs)
        parts = (self._own, self._shared, self._gates, self._shared_gate)
        self.slots: tuple[Slot, ...] = tuple(slot for part in parts if part for slot in part.slots)

    def __call__(
        self, theta: Theta, own: Seen, shared: Seen, context: ForwardContext, dropout: Float[Tensor, "r 1 1 1"] | float
    ) -> tuple[Float[Tensor, "r t b *f"], Float[Tensor, "r g b *f"] | None]:
        """The mixture of every task and, unless this is the last level, the shared one.

        Args:
            own: the tasks' signals, or the single one that all see.
            shared: the shared experts' signal; where a level follows, a single one, as ``own`` may not be each task's
                own examples there.
            dropout: of the gates.
        """
        groups, everybody = [], []
        if self._own:
            groups.append(self._own(theta, own.stages, context))
            everybody.append(groups[0].transpose(1, 2).flatten(1, 2).unsqueeze(2))
        if self._shared:
            groups.append(self._shared(theta, shared.stages, context))
            everybody.append(groups[-1])
        tasks = mix_groups(self._gates(theta, own.gates, context, dropout), groups)
        if not self._shared_gate:
            return tasks, None
        return tasks, mix_groups(self._shared_gate(theta, shared.gates, context, dropout), everybody)
