"""Packing: how many replicas train as one array, and the replicas of which tasks."""

from __future__ import annotations

from typing import Protocol

from mtl_core.data.stacked_tasks import alike
from mtl_core.data.task_set import Development
from mtl_core.network.cost import cost_of
from mtl_core.recipe import Recipe
from study.planning.replica import rows_of_shard


class RowsOnCard(Protocol):
    """Says how many replicas train as one array on a GPU: :class:`study.planning.cards.card_packing.CardPacking`."""

    def rows(self, recipe: Recipe, tasks: tuple[str, ...]) -> int:
        """Return how many replicas of ``recipe`` train as one array, at most, each of them on ``tasks``."""
        ...


class Packing:
    """What the replicas of a recipe need, found once for all recipes of which it is the same.

    Args:
        development: the tasks and the pool.
        card: what is known of the GPU that replicas train on; ``None``: they train on processors.
    """

    def __init__(self, development: Development, card: RowsOnCard | None = None) -> None:
        self._development, self._card = development, card
        self._views: dict[tuple[str, ...], Development] = {}
        self._rows: dict[str, int] = {}
        self._groups: dict[tuple[object, ...], list[tuple[str, ...]]] = {}

    def rows(self, recipe: Recipe, tasks: tuple[str, ...]) -> int:
        """Return how many replicas of ``recipe`` a shard holds at most.

        Args:
            recipe: of the replicas.
            tasks: that each of them learns.
        """
        if self._card is not None:
            return self._card.rows(recipe, tasks)
        key = f"{recipe} {tasks}"
        if key not in self._rows:
            if tasks not in self._views:
                self._views[tasks] = self._development.only(*tasks)
            self._rows[key] = rows_of_shard(cost_of(recipe, self._views[tasks]).replica_bytes)
        return self._rows[key]

    def groups(self, recipe: Recipe) -> list[tuple[str, ...]]:
        """Return all tasks in groups whose single-task replicas of ``recipe`` can be rows of one array."""
        key = (recipe.backbone, recipe.batch_size, recipe.train_fraction, recipe.tasks_per_step)
        if key not in self._groups:
            self._groups[key] = alike(recipe, self._development, [task.name for task in self._development.tasks])
        return self._groups[key]

    def company(self, recipe: Recipe, task: str) -> tuple[str, ...]:
        """Return the group of :meth:`groups` to which ``task`` belongs."""
        return next(group for group in self.groups(recipe) if task in group)
