"""Hard parameter sharing."""

from __future__ import annotations

from collections.abc import Sequence

from mtl_core.layers.bank import SHARED
from mtl_core.recipe import Recipe
from mtl_core.sharing import Sharing


class Hard(Sharing):
    """The first stages are one network, the rest and the heads belong to the tasks.

    With k = ``depth`` shared stages h_k = f_k(… f_1(x)) and y_i = head_i(f_L^i(… f_{k+1}^i(h_k))).  k = 0 is
    ``independent``; k = L is the multi-head network.

    Source: R. Caruana, "Multitask learning: a knowledge-based source of inductive bias", ICML 1993.

    Differs from the paper: nothing; the paper's networks have one hidden stage, k = L = 1.
    """

    def copies_at(self, level: int) -> tuple[str, ...]:
        assert self.depth is not None
        return (SHARED,) if level < self.depth else self.tasks

    @classmethod
    def impossible(cls, recipe: Recipe, tasks: Sequence[str]) -> str | None:
        if recipe.depth == 0:
            return "no shared stage: the same network as independent"
        if len(tasks) < 2:
            return "a single task has nobody to share with"
        return super().impossible(recipe, tasks)
