"""Ways to share, one a file: how many copies each stage has, and how signals pass between them.

A signal is ``[r, 1, b, d]`` while all tasks see the same one and ``[r, t, b, d]`` once each has its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone, Stage
from mtl_core.layers.bank import SHARED, Theta
from mtl_core.layers.dropout import Noise
from mtl_core.recipe import Recipe
from mtl_core.registry import find


class Sharing(ABC):
    """An architecture: backbone stages as banks of copies.

    Args:
        backbone: makes the stages.
        tasks: names of the tasks, in order.
        depth: number of shared stages, or ``None`` where the architecture has no such dial.
    """

    uses_depth = True

    def __init__(self, backbone: Backbone, tasks: Sequence[str], depth: int | None) -> None:
        self.tasks = tuple(tasks)
        self.depth = depth
        self.stages: list[Stage] = [
            backbone.stage(level, self.copies_at(level)) for level in range(backbone.num_stages)
        ]

    @abstractmethod
    def copies_at(self, level: int) -> tuple[str, ...]:
        """Names of the copies of the stage at ``level``."""

    def __call__(self, theta: Theta, x: Float[Tensor, "r g b d"], noise: Noise | None) -> Float[Tensor, "r c b o"]:
        """What the heads see: one signal for all tasks, or one for each."""
        for stage in self.stages:
            if stage.copies == (SHARED,):
                x = split(stage(theta, share(x), noise), x.shape[1])
            else:
                x = stage(theta, x.expand(-1, len(stage.copies), -1, -1), noise)
        return x

    @classmethod
    def impossible(cls, recipe: Recipe, tasks: Sequence[str]) -> str | None:
        """Why this architecture cannot be built with this recipe, or ``None``."""
        if not cls.uses_depth:
            return None
        if recipe.depth is None or not 0 <= recipe.depth <= recipe.stages:
            return f"depth must be 0 … {recipe.stages} (the number of stages), found {recipe.depth}"
        return None


def share(x: Float[Tensor, "r g b d"]) -> Float[Tensor, "r 1 gb d"]:
    """The signals of all tasks as one batch, for a stage with a single copy."""
    return x.reshape(len(x), 1, -1, x.shape[-1])


def split(x: Float[Tensor, "r 1 gb d"], signals: int) -> Float[Tensor, "r g b d"]:
    """The inverse of :func:`share`."""
    return x.view(len(x), signals, -1, x.shape[-1])


def impossible(recipe: Recipe, tasks: Sequence[str]) -> str | None:
    """Why an arm cannot exist, in words for the plan's list of skipped arms; ``None`` if it can."""
    return find("sharing", recipe.sharing).cls.impossible(recipe, tasks)
