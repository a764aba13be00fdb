"""What the rows of a training run learn: all tasks of a pool, or each row a single one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtl_core.data.preprocessing import Preparation, prepare
from mtl_core.data.stacked_tasks import moved, stacked
from mtl_core.data.task_set import Development
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig


class Pools:
    """The data and the networks of rows that train as one array.

    Rows that learn a single task each see a pool in which the tasks' targets stand one below the other.  Their networks
    differ in names alone: in those of the random streams.

    Args:
        recipe: what the rows have in common.
        development: the pool.
        rows: what each has for itself; either all of them name a task or none does.

    Attributes:
        development: the pool as the array sees it.
        network: the network as the array sees it.

    Raises:
        ValueError: when some rows name a task and others do not.
    """

    def __init__(self, recipe: Recipe, development: Development, rows: Sequence[ReplicaConfig]) -> None:
        names = list(dict.fromkeys(row.task for row in rows)) or [None]
        if None in names and len(names) > 1:
            raise ValueError("Rows that learn one task and rows that learn all of them cannot be one array.")
        self._recipe, self._places = recipe, {name: place for place, name in enumerate(names)}
        self._views = {name: development if name is None else development.only(name) for name in names}
        alone = [name for name in names if name is not None]
        self.development = stacked([self._views[name] for name in alone]) if alone else development
        self._networks = {name: Network(recipe, view.tasks, view.shape) for name, view in self._views.items()}
        self.network = self._networks[names[0]]
        self._prepared: dict[tuple[str | None, int], Preparation] = {}

    def network_of(self, row: ReplicaConfig) -> Network:
        """Return the network of ``row``, which names its random streams."""
        return self._networks[row.task]

    def preparation(self, row: ReplicaConfig) -> Preparation:
        """Return the split and the scales of a row's seed, in positions of :attr:`development`."""
        key = (row.task, row.seed)
        if key not in self._prepared:
            view = self._views[row.task]
            own = prepare(view, row.seed, self._recipe.train_fraction)
            self._prepared[key] = moved(own, self._places[row.task] * len(view.examples))
        return self._prepared[key]


def stream_names(network: Network, rows: Sequence[ReplicaConfig]) -> list[Mapping[str, str]]:
    """Return, for each row, which names of random streams stand for others: its own task's for the network's."""
    return [{} if row.task is None else {network.tasks[0].name: row.task} for row in rows]
