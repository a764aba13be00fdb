"""The tasks' heads: banks of linear maps, class-major, one bank for all tasks of one kind and size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Kind, Task
from mtl_core.layers.bank import Slot, Theta, uniform
from mtl_core.layers.class_major import ClassMajorProduct


class HeadBank:
    """z = W h + b for the g tasks of one kind and number of outputs.

    Outputs are ``[r, g, k, b]``: with the classes before the examples the product and the cross entropy are several
    times faster on narrow heads than the other way round.

    Args:
        tasks: of the whole set.
        members: positions of the bank's tasks in it.
        features: width of what the backbone hands over.
    """

    def __init__(self, tasks: Sequence[Task], members: Sequence[int], features: int) -> None:
        first = tasks[members[0]]
        self.members = list(members)
        self.kind: Kind = first.kind
        self.tasks = [tasks[member] for member in members]
        copies = tuple(task.name for task in self.tasks)
        bound, outputs = features**-0.5, first.num_outputs
        label = f"head.{first.kind}{outputs}"
        self.weight = Slot(f"{label}.weight", copies, (outputs, features), uniform(bound, outputs, features))
        self.bias = Slot(f"{label}.bias", copies, (outputs,), uniform(bound, outputs))
        self.slots = (self.weight, self.bias)
        self.multiply_adds = outputs * features * len(members)

    def __call__(self, theta: Theta, h: Float[Tensor, "r c b d"]) -> Float[Tensor, "r g k b"]:
        weight, bias = theta[self.weight], theta[self.bias]
        replicas, group, outputs, features = weight.shape
        if h.shape[1] == 1:  # one signal for all tasks: their heads are one taller matrix
            taller = bias.reshape(replicas, -1, 1), weight.reshape(replicas, -1, features), h[:, 0]
        else:
            own = (h if group == h.shape[1] else h[:, self.members]).flatten(0, 1)
            taller = bias.reshape(-1, outputs, 1), weight.reshape(-1, outputs, features), own
        product = cast(Tensor, ClassMajorProduct.apply(*taller))
        return product.view(replicas, group, outputs, -1)


def banks_of(tasks: Sequence[Task], features: int) -> list[HeadBank]:
    """The heads of all tasks, grouped by kind and number of outputs."""
    groups: dict[tuple[str, int], list[int]] = {}
    for position, task in enumerate(tasks):
        groups.setdefault((task.kind, task.num_outputs), []).append(position)
    return [HeadBank(tasks, members, features) for members in groups.values()]
