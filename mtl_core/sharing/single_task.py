"""One network, one task: the baseline."""

from __future__ import annotations

from collections.abc import Sequence

from mtl_core.recipe import Recipe
from mtl_core.sharing import Sharing


class SingleTask(Sharing):
    """A network for one task alone, with its own tuning, batches and early stopping.

    The study trains one such replica for every task.  Its private copies start and drop units exactly like those of
    ``independent``, because streams are keyed by the task's name.

    Source: the baseline of every multi-task paper, from R. Caruana, "Multitask learning", Machine Learning 28, 1997.

    Differs from the source: nothing.
    """

    uses_depth = False

    def copies_at(self, level: int) -> tuple[str, ...]:
        return self.tasks

    @classmethod
    def impossible(cls, recipe: Recipe, tasks: Sequence[str]) -> str | None:
        return None if len(tasks) == 1 else "a single-task network is built for one task at a time"
