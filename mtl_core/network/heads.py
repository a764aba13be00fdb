"""The tasks' heads: banks of linear maps, class-major, one bank for all tasks of one kind and size."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mtl_core.data.target_columns import columns_of
from mtl_core.data.task import Kind, Task
from mtl_core.layers.bank import SHARED, Slot, Theta, private, uniform
from mtl_core.layers.head_product import class_major


class HeadBank:
    """z = W h + b for the g tasks of one kind and number of outputs.

    Outputs are ``[r, g, k, b]``: with the classes before the examples the product and the cross entropy are several
    times faster on narrow heads than the other way round.

    Args:
        tasks: of the whole set.
        members: positions of the bank's tasks in it.
        features: width of what the backbone hands over.
        shared: whether the tasks have one head in common.
    """

    def __init__(self, tasks: Sequence[Task], members: Sequence[int], features: int, shared: bool = False) -> None:
        first = tasks[members[0]]
        self.members = list(members)
        self.kind: Kind = first.kind
        self.tasks = [tasks[member] for member in members]
        columns = columns_of(tasks)
        self._columns = [column for member in members for column in columns[member]]
        self._all = len(members) == len(tasks)
        self._vector = (first.num_targets,) if first.num_targets > 1 else ()
        copies = (SHARED,) if shared else private(task.name for task in self.tasks)
        bound, outputs = features**-0.5, first.num_outputs
        label = f"head.{first.kind}{outputs}"
        self.weight = Slot(f"{label}.weight", copies, (outputs, features), uniform(bound, outputs, features))
        self.bias = Slot(f"{label}.bias", copies, (outputs,), uniform(bound, outputs))
        self.slots = (self.weight, self.bias)

    def __call__(self, theta: Theta, h: Float[Tensor, "r c b d"]) -> Float[Tensor, "r g k b"]:
        if h.shape[1] > 1 and len(self.members) < h.shape[1]:
            h = h[:, self.members]
        return class_major(theta[self.bias], theta[self.weight], h)

    def of_columns(self, values: Float[Tensor, "r c *b"]) -> Float[Tensor, "r g *k b"]:
        """What the target columns ``values`` hold for the bank's tasks; of vectors ``[r, g, k, b]``."""
        mine = values if self._all else values[:, self._columns]
        return mine.reshape(len(mine), len(self.members), *self._vector, *mine.shape[2:]) if self._vector else mine


def banks_of(tasks: Sequence[Task], features: int, shared: bool = False) -> list[HeadBank]:
    """The heads of all tasks, grouped by kind and number of outputs.

    Args:
        features: width of what the backbone hands over.
        shared: whether one head serves all tasks; only where all are of one kind and number of outputs.
    """
    groups: dict[tuple[str, int], list[int]] = {}
    for position, task in enumerate(tasks):
        groups.setdefault((task.kind, task.num_outputs), []).append(position)
    return [HeadBank(tasks, members, features, shared and len(groups) == 1) for members in groups.values()]
