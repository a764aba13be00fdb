"""Sharing architectures, one a file: how many copies each stage has, and how signals pass between the copies.

A signal is ``[r, 1, b, *f]`` as long as all tasks see the same one, and ``[r, t, b, *f]`` once each task has its own.
Tasks with inputs of their own start with the latter.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
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
    """Any component of an architecture that has parameters; ``slots`` declares them in forward order."""

    slots: tuple[Slot, ...]


class Sharing(ABC):
    """Base class of the sharing architectures: backbone stages as banks of copies, and what connects them.

    Keyword-only arguments of a subclass are its options; those annotated with a range are tuned, one value per replica,
    and a forward pass reads them by :meth:`option`.

    Args:
        backbone: makes the stages.
        tasks: names of the tasks, in order.
        depth: number of shared stages, or ``None`` where the architecture has no such option.
    """

    uses_depth: ClassVar[bool] = True
    """Whether the number of shared stages is an option of the architecture."""
    shares_head: ClassVar[bool] = False
    """Whether tasks with outputs of one kind and size have a single head in common."""
    couples: ClassVar[bool] = False
    """Whether :meth:`couple` does anything with the outputs of all tasks together."""
    acts_after_step: ClassVar[bool] = False
    """Whether the architecture implements :meth:`after_step`."""
    observes_conflict: ClassVar[bool] = False
    """Whether the architecture implements :meth:`observe_conflict`."""
    parts: Sequence[Part]
    """All components with parameters, in forward order; a subclass sets it."""
    found: Sequence[Slot] = ()
    """Buffers that hold what a search found, and stay when training begins anew; see :meth:`search_epochs`."""
    towers: Chain | None = None
    """The tasks' private stages behind the representation; ``None``: there are none."""

    def __init__(self, backbone: Backbone, tasks: Sequence[str], depth: int | None) -> None:
        self.backbone, self.tasks, self.depth = backbone, tuple(tasks), depth

    @abstractmethod
    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r c b *f"]:
        """Return the representation that the towers read (or the heads): one signal for all tasks, or one for each.

        Args:
            theta: the parameters of the array.
            x: flat examples, one signal for all tasks (g = 1) or one for each (g = t).
            context: of the forward pass: training or evaluation, dropout, tuned options, penalties.
        """

    def finish(self, theta: Theta, z: Float[Tensor, "r c b *f"], context: ForwardContext) -> Float[Tensor, "r c b o"]:
        """Return what the heads read, from the representation ``z``: the output of the towers."""
        return self.backbone.leave(self.towers(theta, z, context) if self.towers else z)

    def __call__(self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext) -> Float[Tensor, "r c b o"]:
        """Return what the heads read, from the examples ``x``: one signal for all tasks, or one for each."""
        return self.finish(theta, self.represent(theta, x, context), context)

    def head_users(self, task: str) -> frozenset[str]:
        """Return the tasks whose losses depend on the head of ``task``, a private one."""
        return frozenset((task,))

    def couple(self, logits: Float[Tensor, "r t 1 b"], context: ForwardContext) -> Float[Tensor, "r t 1 b"]:
        """Return the outputs of binary tasks, the only ones that there are, as those of all tasks decide them.

        Args:
            logits: outputs of the heads, in the order of the tasks.
            context: of the forward pass; penalties on outputs are added here.
        """
        raise AssertionError(f"{type(self).__name__} leaves the outputs as they are.")

    def apart(self, signals: int) -> bool:
        """Return whether the tasks' signals are separate from the first stage on and never mix.

        If so, each task can be given a copy of the shared parameters, ``[r, t, *s]`` instead of ``[r, 1, *s]``, with
        the same outputs; one backward pass then gives the gradients of all tasks.

        Args:
            signals: number of input signals, g.
        """
        return False

    def after_step(
        self,
        theta: Theta,
        heads: Sequence[Slot],
        rates: Float[Tensor, " r"],
        present: Bool[Tensor, "r t"],
        context: ForwardContext,
    ) -> None:
        """Change parameters or buffers in place after the optimiser's step.

        Args:
            theta: the parameters of the array, to be written to.
            heads: parameters of the heads.
            rates: current learning rate of each row.
            present: which tasks had labels in the batch.
            context: of the step.
        """
        raise AssertionError(f"{type(self).__name__} does nothing after a step.")

    def observe_conflict(
        self, theta: Theta, cosines: Mapping[str, Float[Tensor, "r t t"]], searching: Bool[Tensor, " r"]
    ) -> None:
        """Learn, after an epoch of a search, how far the tasks' gradients agree in each stage.

        Args:
            theta: the parameters of the array; buffers may be written to.
            cosines: of the tasks' gradients on the parameters that they share in a stage, by its name; NaN where there
                are none.
            searching: which rows search; others must not change.
        """
        raise AssertionError(f"{type(self).__name__} does not look at conflict.")

    @classmethod
    def search_epochs(cls, recipe: Recipe) -> int:
        """Return the number of epochs that search a structure before, and on top of, the epochs of the training.

        After them training begins anew, from the initial parameters, with :attr:`found` as the search left it.
        """
        return 0

    def settled(self, theta: Theta, row: int) -> dict[str, Any]:
        """Return the fields of a recipe whose network a trained row equals: empty where it is the row's own.

        Args:
            theta: the parameters of the array.
            row: place of the row.
        """
        return {}

    def tree(self, theta: Theta, row: int) -> list[list[list[str]]]:
        """Return for each stage the groups of tasks that share it, as the search of a row found them.

        Args:
            theta: the parameters of the array.
            row: place of the row.
        """
        raise AssertionError(f"{type(self).__name__} searches no structure.")

    @classmethod
    def sized_as(cls, recipe: Recipe, tasks: Sequence[str]) -> Recipe:
        """Return a recipe as large as what the search of ``recipe`` may find, by which a width is matched."""
        return recipe

    def option(self, name: str, context: ForwardContext, dimensions: int) -> Any:
        """Return a tuned option: the rows' values as ``[r, 1, …]`` with ``dimensions`` dimensions, or the default."""
        if name not in context.options:
            return getattr(self, name)
        return context.options[name].view(-1, *[1] * (dimensions - 1))

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        """Return why this architecture cannot be built with this recipe for these tasks, or ``None`` if it can."""
        if len(development.tasks) < 2 and recipe.sharing not in ("single_task", "independent"):
            return "a single task has nobody to share with"
        if not cls.uses_depth:
            return None
        if not isinstance(recipe.depth, int) or not 0 <= recipe.depth <= recipe.stages:
            return f"depth must be 0 … {recipe.stages} (the number of stages), found {recipe.depth}"
        if recipe.depth == 0:
            return "no shared stage: the same network as independent"
        return None


class Chain:
    """Consecutive stages, each as a bank of the same copies.

    Args:
        backbone: makes the stages.
        levels: positions of the stages.
        copies: of every stage.
    """

    def __init__(self, backbone: Backbone, levels: Iterable[int], copies: tuple[Copy, ...]) -> None:
        self.stages: list[Stage] = [backbone.stage(level, copies) for level in levels]
        self.slots = tuple(slot for stage in self.stages for slot in stage.slots)

    @property
    def stateless(self) -> bool:
        """Whether no stage keeps batch statistics, which would depend on all signals that share a copy."""
        return all(slot.trained for slot in self.slots)

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r g b *i"], context: ForwardContext
    ) -> Float[Tensor, "r c b *o"]:
        """Pass every signal through the single copy, or one signal (or one for each copy) through all copies."""
        for stage in self.stages:
            x = run(stage, theta, x, context)
        return x


def run(stage: Stage, theta: Theta, x: Float[Tensor, "r g b *i"], context: ForwardContext) -> Float[Tensor, "r c b *o"]:
    """Return the output of one stage for any number of copies and signals.

    A single copy processes all signals as one batch; several copies process one signal each, or the common one.
    """
    if len(stage.copies) == 1:
        context = context.joining(x.shape[1])
    # a stage's single copy may have been handed out to the tasks, see Sharing.apart
    copies = theta[stage.slots[0]].shape[1] if stage.slots else len(stage.copies)
    if copies == 1:
        return split(stage(theta, share(x), context), x.shape[1])
    return stage(theta, x.expand(-1, copies, *[-1] * (x.ndim - 2)), context)


def share(x: Float[Tensor, "r g b *f"]) -> Float[Tensor, "r 1 gb *f"]:
    """Return the signals of all tasks as one batch, which a stage then takes with ``context.joining(g)``."""
    return x.reshape(len(x), 1, -1, *x.shape[3:])


def split(x: Float[Tensor, "r 1 gb *f"], signals: int) -> Float[Tensor, "r g b *f"]:
    """Return the ``signals`` signals that :func:`share` joined into one batch."""
    return x.view(len(x), signals, -1, *x.shape[3:])


def unadaptable(recipe: Recipe) -> str | None:
    """Return why an architecture that changes pre-activations cannot use this backbone, or ``None`` if it can."""
    if find("backbones", recipe.backbone).cls.adaptable:
        return None
    return f"it changes pre-activations, and the stages of {recipe.backbone} do not show theirs"
