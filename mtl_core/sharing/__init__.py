"""Ways to share, one a file: how many copies each stage has, and how signals pass between them.

A signal is ``[r, 1, b, *f]`` while all tasks see the same one and ``[r, t, b, *f]`` once each has its own.  Tasks that
have inputs of their own begin with the latter.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Protocol

from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.backbones import Backbone, Stage
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Copy, Slot, Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.registry import find


class Part(Protocol):
    """Anything with parameters."""

    slots: tuple[Slot, ...]


class Sharing(ABC):
    """An architecture: backbone stages as banks of copies, and what connects them.

    Keyword-only arguments of a subclass are its options; those annotated with a range are tuned, one value per replica,
    and a forward pass finds them by :meth:`option`.

    Args:
        backbone: makes the stages.
        tasks: names of the tasks, in order.
        depth: number of shared stages, or ``None`` where the architecture has no such option.
    """

    uses_depth: ClassVar[bool] = True
    """Whether the number of shared stages is a choice."""
    shares_head: ClassVar[bool] = False
    """Whether tasks with outputs of one kind and size have a single head."""
    acts_after_step: ClassVar[bool] = False
    """Whether :meth:`after_step` does something."""
    parts: Sequence[Part]
    """Everything with parameters, in forward order; a subclass sets it."""
    towers: Chain | None = None
    """The tasks' private stages behind the representation."""

    def __init__(self, backbone: Backbone, tasks: Sequence[str], depth: int | None) -> None:
        self.backbone, self.tasks, self.depth = backbone, tuple(tasks), depth

    @abstractmethod
    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r c b *f"]:
        """What the towers see, or the heads where there are none: one signal for all tasks, or one for each."""

    def finish(self, theta: Theta, z: Float[Tensor, "r c b *f"], context: ForwardContext) -> Float[Tensor, "r c b o"]:
        """From the representation to what the heads see."""
        return self.backbone.leave(self.towers(theta, z, context) if self.towers else z)

    def __call__(self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext) -> Float[Tensor, "r c b o"]:
        """The whole pass, from examples to what the heads see: one signal for all tasks, or one for each."""
        return self.finish(theta, self.represent(theta, x, context), context)

    def apart(self, signals: int) -> bool:
        """Whether every task has a signal of its own from the first stage on, which meets none of the others.

        Then each task can be given a copy of what is shared, ``[r, t, *s]`` instead of ``[r, 1, *s]``, with the same
        result and with gradients task by task.

        Args:
            signals: g of the inputs.
        """
        return False

    def after_step(
        self,
        theta: Theta,
        heads: Sequence[Slot],
        rates: Sequence[float],
        present: Bool[Tensor, "r t"],
        context: ForwardContext,
    ) -> None:
        """Change parameters or buffers in place, after the optimiser's step.

        Args:
            theta: of the array; writing to it is what an update is.
            heads: parameters of the heads.
            rates: learning rate of each row, now.
            present: which tasks had labels.
        """
        raise AssertionError(f"{type(self).__name__} does nothing after a step.")

    def option(self, name: str, context: ForwardContext, dimensions: int) -> Any:
        """A tuning hyperparameter: the rows' own values as ``[r, 1, …]`` of so many dimensions, or the default."""
        if name not in context.options:
            return getattr(self, name)
        return context.options[name].view(-1, *[1] * (dimensions - 1))

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        """Why this architecture cannot be built with this recipe for these tasks, or ``None``."""
        if len(development.tasks) < 2 and recipe.sharing not in ("single_task", "independent"):
            return "a single task has nobody to share with"
        if not cls.uses_depth:
            return None
        if recipe.depth is None or not 0 <= recipe.depth <= recipe.stages:
            return f"depth must be 0 … {recipe.stages} (the number of stages), found {recipe.depth}"
        if recipe.depth == 0:
            return "no shared stage: the same network as independent"
        return None


class Chain:
    """Stages that follow each other, each as a bank of the same copies.

    Args:
        backbone: makes the stages.
        levels: of the stages.
        copies: of each.
    """

    def __init__(self, backbone: Backbone, levels: Iterable[int], copies: tuple[Copy, ...]) -> None:
        self.stages: list[Stage] = [backbone.stage(level, copies) for level in levels]
        self.slots = tuple(slot for stage in self.stages for slot in stage.slots)

    @property
    def stateless(self) -> bool:
        """Whether stages keep no statistics, in which signals that share a copy would meet."""
        return all(slot.trained for slot in self.slots)

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r g b *i"], context: ForwardContext
    ) -> Float[Tensor, "r c b *o"]:
        """Every signal through the one copy, or one signal (or each its own) through as many copies."""
        for stage in self.stages:
            x = run(stage, theta, x, context)
        return x


def run(stage: Stage, theta: Theta, x: Float[Tensor, "r g b *i"], context: ForwardContext) -> Float[Tensor, "r c b *o"]:
    """One stage, whatever the numbers of its copies and of the signals."""
    # a stage's single copy may have been handed out to the tasks, see Sharing.apart
    copies = theta[stage.slots[0]].shape[1] if stage.slots else len(stage.copies)
    if copies == 1:
        return split(stage(theta, share(x), context), x.shape[1])
    return stage(theta, x.expand(-1, copies, *[-1] * (x.ndim - 2)), context)


def share(x: Float[Tensor, "r g b *f"]) -> Float[Tensor, "r 1 gb *f"]:
    """The signals of all tasks as one batch, for a stage with a single copy."""
    return x.reshape(len(x), 1, -1, *x.shape[3:])


def split(x: Float[Tensor, "r 1 gb *f"], signals: int) -> Float[Tensor, "r g b *f"]:
    """The inverse of :func:`share`."""
    return x.view(len(x), signals, -1, *x.shape[3:])


def unadaptable(recipe: Recipe) -> str | None:
    """Why an architecture that changes pre-activations cannot work on this backbone, or ``None``."""
    if find("backbones", recipe.backbone).cls.adaptable:
        return None
    return f"it changes pre-activations, and the stages of {recipe.backbone} do not show theirs"
