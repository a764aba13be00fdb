"""Expert networks as banks of chains of stages, shared or task-specific, and the extraction level that mixes them."""

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
from mtl_core.sharing.blocks.option_checks import expert_names


class SharedExperts:
    """Experts that see the examples of all tasks.

    The first expert has the initialisation and the dropout masks of the trunk of ``hard``.

    Args:
        backbone: makes the stages.
        levels: positions of the stages that make up an expert.
        number: number of experts, e.
    """

    def __init__(self, backbone: Backbone, levels: Iterable[int], number: int) -> None:
        self.names = expert_names(SHARED.name, number)
        self._chain = Chain(backbone, levels, tuple(Copy(name) for name in self.names))
        self.slots = self._chain.slots

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r g b *i"], context: ForwardContext
    ) -> Float[Tensor, "r e g b *o"]:
        """Return every expert's output for every signal; all signals form one batch, which each expert sees."""
        return self._chain(theta, share(x), context.joining(x.shape[1])).unflatten(2, (x.shape[1], -1))


class OwnExperts:
    """Task-specific experts, the same number for every task.

    A task's first expert has the initialisation and the dropout masks of the task's network in ``independent``.

    Args:
        backbone: makes the stages.
        levels: positions of the stages that make up an expert.
        tasks: names, in order.
        number: number of experts of each task, n.
        reached: whether gradients of other tasks reach these experts through later levels.
    """

    def __init__(
        self, backbone: Backbone, levels: Iterable[int], tasks: Sequence[str], number: int, reached: bool
    ) -> None:
        self.names = [expert_names(task, number) for task in tasks]
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
        """Return the outputs of every task's experts for the common signal (g = 1) or the task's own one (g = t)."""
        if x.shape[1] > 1:
            x = x.repeat_interleave(self._shape[1], dim=1)
        return self._chain(theta, x, context).unflatten(1, self._shape).transpose(1, 2)


class LevelInput(NamedTuple):
    """The input of an extraction level: what its experts read, and what its gates read."""

    experts: Float[Tensor, "r g b *f"]
    gates: Float[Tensor, "r g b d"]


def level_input(h: Float[Tensor, "r g b *f"], feature_axis: int) -> LevelInput:
    """Return a mixture as the next level's input; gates read its mean over places or tokens."""
    if h.ndim == 4:
        return LevelInput(h, h)
    return LevelInput(h, h.movedim(feature_axis, -1).flatten(3, -2).mean(dim=3))


class Extraction:
    """One level of customised gate control: every task's gate mixes the task's own experts and the shared ones.

    Where a further level follows, a shared gate mixes all experts into the input of that level's shared experts.

    Source: H. Tang et al., "Progressive layered extraction (PLE): a novel multi-task learning model for personalized
    recommendations", RecSys 2020, sections 4.1 and 4.2.

    Args:
        backbone: makes the stages.
        levels: positions of the stages that make up an expert.
        tasks: names, in order.
        shared: number of experts that all tasks use.
        own: number of experts of each task.
        following: number of extraction levels behind this one.
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
            all_names = [*(name for names in own_names for name in names), *shared_names]
            self._shared_gate = Gates(f"shared_gate{first}", (SHARED,), [all_names], inputs)
        parts = (self._own, self._shared, self._gates, self._shared_gate)
        self.slots: tuple[Slot, ...] = tuple(slot for part in parts if part for slot in part.slots)

    def __call__(
        self,
        theta: Theta,
        own: LevelInput,
        shared: LevelInput,
        context: ForwardContext,
        dropout: Float[Tensor, "r 1 1 1"] | float,
    ) -> tuple[Float[Tensor, "r t b *f"], Float[Tensor, "r g b *f"] | None]:
        """Return the mixture of every task and, unless this is the last level, the shared mixture.

        Args:
            theta: the parameters of the array.
            own: input of the tasks' experts and gates: one signal for each task, or a single common one.
            shared: input of the shared experts and their gate.  Where a level follows, this is a single signal, and
                ``own`` then holds every task's view of all examples.
            context: of the forward pass.
            dropout: probability that a gate drops an expert, for all rows or by row.
        """
        task_groups, all_groups = [], []
        if self._own:
            task_groups.append(self._own(theta, own.experts, context))
            all_groups.append(task_groups[0].transpose(1, 2).flatten(1, 2).unsqueeze(2))
        if self._shared:
            task_groups.append(self._shared(theta, shared.experts, context))
            all_groups.append(task_groups[-1])
        mixed = mix_groups(self._gates(theta, own.gates, context, dropout), task_groups)
        if not self._shared_gate:
            return mixed, None
        return mixed, mix_groups(self._shared_gate(theta, shared.gates, context, dropout), all_groups)
