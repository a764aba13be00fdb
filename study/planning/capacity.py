"""Equal capacity: the width at which an arm is as large as the reference of its level.

The reference is hard sharing of all stages at the level's own width.  What is compared is trained parameters, or
multiply-adds per example; the nearest width that the architecture and the backbone can have is taken, and how near it
comes is reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from analysis.records.unshared import SINGLE_TASK
from mtl_core.data.task_set import Development
from mtl_core.network.cost import cost_of
from mtl_core.recipe import Recipe
from mtl_core.registry import find
from study.planning.arm import HARD, Arm

FAR = 0.05
"""Relative distance from which on a match is reported as a bad one."""
WIDEST = 16_384
NEIGHBOURS = 16
"""How far from a width that cannot be built (one that heads do not divide, say) another one is looked for."""


@dataclass(frozen=True)
class Match:
    """An arm at its matched width.

    Args:
        arm: with that width, and the reference's as its capacity.
        ratio: its size over the reference's.
    """

    arm: Arm
    ratio: float


def widths_around(wanted: float, size_of: Callable[[int], float], widest: float = math.inf) -> tuple[int, int]:
    """Return two neighbouring widths of which the first is too small and the second large enough.

    Args:
        wanted: the size that is looked for.
        size_of: the size at a width; it does not fall as the width grows.
        widest: width from which on no larger one is tried, so that the second may be too small after all.
    """
    low, high = 1, 2
    while high < widest and size_of(high) < wanted:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size_of(middle) < wanted else (low, middle)
    return low, high


class Matcher:
    """Finds matched widths for one task set.

    Args:
        by: ``parameters`` or ``multiply_adds``.
        development: the tasks.
        recipe_of: the recipe of an arm.
        why_infeasible: says why a recipe cannot exist.
    """

    def __init__(
        self,
        by: str,
        development: Development,
        recipe_of: Callable[[Arm], Recipe],
        why_infeasible: Callable[[Recipe, Development], str | None],
    ) -> None:
        self._column = {"parameters": "parameters_total", "multiply_adds": "multiply_adds"}[by]
        self._development, self._recipe_of, self._why_infeasible = development, recipe_of, why_infeasible
        self._sizes: dict[Arm, int | None] = {}

    def match(self, arm: Arm) -> Match:
        """Return ``arm``, whose width is the reference's, at the width at which it is as large as the reference.

        Single-task networks keep the reference's width: they are the baseline that harm is measured against.
        """
        wanted = self._size(replace(arm, sharing=HARD, depth=arm.stages, weighting="equal"))
        if arm.sharing == SINGLE_TASK or wanted is None:
            return Match(arm, 1.0)
        widths = widths_around(wanted, lambda width: self._near(arm, width)[1], widest=WIDEST)
        feasible = (self._near(arm, width) for width in widths)
        width, size = min(feasible, key=lambda pair: (abs(pair[1] - wanted), pair[0]))
        return Match(arm if width == arm.width else replace(arm, width=width, capacity=arm.width), size / wanted)

    def _near(self, arm: Arm, width: int) -> tuple[int, float]:
        """The nearest width that can be built, and the size there; infinite where there is none."""
        for distance in range(NEIGHBOURS + 1):
            for tried in dict.fromkeys((width + distance, width - distance)):
                size = self._size(replace(arm, width=tried)) if tried >= 1 else None
                if size is not None:
                    return tried, size
        return width, float("inf")

    def _size(self, arm: Arm) -> int | None:
        key = replace(arm, weighting="equal", capacity=None)
        if key not in self._sizes:
            recipe = self._recipe_of(key)
            reason = self._why_infeasible(recipe, self._development)
            tasks = [task.name for task in self._development.tasks]
            sized = find("sharing", recipe.sharing).cls.sized_as(recipe, tasks)
            self._sizes[key] = None if reason else getattr(cost_of(sized, self._development), self._column)
        return self._sizes[key]
