"""The tasks' heads: banks of affine maps, one bank for all tasks of one kind and number of outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.kinds import kind_named
from mtl_core.data.losses import example_losses
from mtl_core.data.target_columns import columns_of
from mtl_core.data.task import Kind, Task
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.bank import SHARED, Copy, Slot, Theta, private, uniform
from mtl_core.layers.head_product import class_major


class HeadBank:
    """Heads z = W h + b of the g tasks of one kind and number of outputs, a bank.

    Outputs are ``[r, g, k, b]``: with the classes before the examples, the product and the cross entropy of narrow
    heads are several times faster than the other way round.

    Args:
        tasks: all tasks of the task set.
        members: places of the bank's tasks among them.
        features: number of features of the backbone's output h.
        shared: whether the tasks share one head.
        users: the tasks whose losses depend on each task's own head; by default the task alone.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        members: Sequence[int],
        features: int,
        shared: bool = False,
        users: Callable[[str], frozenset[str]] | None = None,
    ) -> None:
        first = tasks[members[0]]
        self.members = list(members)
        self.kind: Kind = first.kind
        self.tasks = [tasks[member] for member in members]
        columns = columns_of(tasks)
        self._columns = FixedTensor([column for member in members for column in columns[member]])
        self.places = FixedTensor(self.members)
        self._all = len(members) == len(tasks)
        self._vector = (first.num_targets,) if first.num_targets > 1 else ()
        own = private(task.name for task in self.tasks)
        if users is not None:
            own = tuple(Copy(task.name, users(task.name)) for task in self.tasks)
        copies = (SHARED,) if shared else own
        by_loss: dict[str | None, list[int]] = {}
        for place, task in enumerate(self.tasks):
            by_loss.setdefault(task.loss, []).append(place)
        self._by_loss = [(loss, FixedTensor(places)) for loss, places in by_loss.items()]
        self._in_order = FixedTensor(torch.tensor([place for places in by_loss.values() for place in places]).argsort())
        bound, outputs = features**-0.5, first.num_outputs
        label = f"head.{first.kind}{outputs}"
        self._outputs, directions = outputs, kind_named(first.kind).num_directions(first)
        self.weight = Slot(f"{label}.weight", copies, (directions, features), uniform(bound, directions, features))
        self.bias = Slot(f"{label}.bias", copies, (outputs,), uniform(bound, outputs))
        self.slots = (self.weight, self.bias)

    @property
    def places_of_outputs(self) -> list[int]:
        """The place in :attr:`tasks` of the task of every output, task after task."""
        return [place for place in range(len(self.tasks)) for _ in range(self._outputs)]

    def __call__(self, theta: Theta, h: Float[Tensor, "r c b d"]) -> Float[Tensor, "r g k b"]:
        if h.shape[1] > 1 and len(self.members) < h.shape[1]:
            h = h.index_select(1, self.places.at(h.device))
        return class_major(theta[self.bias], self.matrix(theta), h)

    def matrix(self, theta: Theta) -> Float[Tensor, "r g k d"]:
        """Return W with a row for every output, also where outputs are one function of h with a constant each."""
        weight = theta[self.weight]
        return weight if weight.shape[2] == self._outputs else weight.expand(-1, -1, self._outputs, -1)

    def losses(self, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r c b"]) -> Float[Tensor, "r g b"]:
        """Return the training loss of every example and task of the bank.

        Args:
            outputs: of the bank's heads.
            targets: all c target columns, standardised, without NaN.
        """
        own = self.of_columns(targets)
        if len(self._by_loss) == 1:
            return example_losses(self.kind, outputs, own, self._by_loss[0][0])
        parts = []
        for loss, places in self._by_loss:
            some = places.at(outputs.device)
            parts.append(example_losses(self.kind, outputs.index_select(1, some), own.index_select(1, some), loss))
        return torch.cat(parts, dim=1).index_select(1, self._in_order.at(outputs.device))

    def of_columns(self, values: Float[Tensor, "r c *b"]) -> Float[Tensor, "r g *k b"]:
        """Return the columns of the bank's tasks from ``values``, which has all c target columns.

        The result is ``[r, g, *b]``, or ``[r, g, k, *b]`` where targets are vectors.
        """
        own = values if self._all else values.index_select(1, self._columns.at(values.device))
        return own.reshape(len(own), len(self.members), *self._vector, *own.shape[2:]) if self._vector else own


def banks_of(
    tasks: Sequence[Task],
    features: int,
    shared: bool = False,
    users: Callable[[str], frozenset[str]] | None = None,
) -> list[HeadBank]:
    """Return the heads of all tasks, a bank for each kind and number of outputs.

    Args:
        tasks: all tasks of the task set.
        features: number of features of the backbone's output.
        shared: whether all tasks share one head; it has no effect where they differ in kind or number of outputs.
        users: as for :class:`HeadBank`.
    """
    groups: dict[tuple[str, int], list[int]] = {}
    for position, task in enumerate(tasks):
        groups.setdefault((task.kind, task.num_outputs), []).append(position)
    return [HeadBank(tasks, members, features, shared and len(groups) == 1, users) for members in groups.values()]
