"""Packing: how many replicas train as one array, and the replicas of which tasks."""

from __future__ import annotations

from dataclasses import dataclass, field

from mtl_core.data.stacked_tasks import alike
from mtl_core.data.task_set import Development
from mtl_core.network.cost import cost_of
from mtl_core.recipe import Recipe
from study.planning.replica import rows_of_shard


@dataclass(frozen=True)
class Packing:
    """What the replicas of a recipe need, measured once for each recipe.

    Args:
        development: the tasks and the pool.
    """

    development: Development
    _rows: dict[str, int] = field(default_factory=dict, repr=False)
    _groups: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict, repr=False)

    def rows(self, recipe: Recipe, tasks: tuple[str, ...]) -> int:
        """Return how many replicas of ``recipe`` a shard holds at most.

        Args:
            recipe: of the replicas.
            tasks: that each of them learns.
        """
        key = f"{recipe} {tasks}"
        if key not in self._rows:
            self._rows[key] = rows_of_shard(cost_of(recipe, self.development.only(*tasks)).replica_bytes)
        return self._rows[key]

    def company(self, recipe: Recipe, task: str) -> tuple[str, ...]:
        """Return the tasks, ``task`` among them, whose single-task replicas of ``recipe`` can be rows of one array."""
        key = f"{recipe}"
        if key not in self._groups:
            groups = alike(recipe, self.development, [one.name for one in self.development.tasks])
            self._groups[key] = {name: group for group in groups for name in group}
        return self._groups[key][task]
