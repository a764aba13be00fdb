"""Task descriptors z: vectors by which a network without private stages distinguishes the tasks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.bank import SHARED, Initialiser, Slot, Theta, private

Descriptors = Mapping[str, Sequence[float]]
"""Task name → its vector, all of one length."""


def descriptor_matrix(tasks: Sequence[str], descriptors: Descriptors | None) -> Float[Tensor, "t k"]:
    """Return one row per task: its descriptor, or by default a one-hot vector.

    The positions of the ones follow the alphabet, so that a task's vector does not depend on the order of the tasks.
    """
    if descriptors is None:
        alphabet = sorted(tasks)
        return torch.eye(len(tasks))[[alphabet.index(task) for task in tasks]]
    return torch.tensor([[float(number) for number in descriptors[task]] for task in tasks])


def invalid_descriptors(tasks: Sequence[str], descriptors: Descriptors | None) -> str | None:
    """Return why these descriptors do not fit these tasks, or ``None`` if they do.

    Each task needs exactly one vector; all vectors have the same length and finite numbers.
    """
    if descriptors is None:
        return None
    missing = [task for task in tasks if task not in descriptors]
    if missing:
        return f"descriptors has no vector for task {missing[0]!r}"
    unknown = [name for name in descriptors if name not in tasks]
    if unknown:
        return f"descriptors has a vector for {unknown[0]!r}, which is not one of the tasks"
    lengths = {task: len(descriptors[task]) for task in tasks}
    first = tasks[0]
    for task, length in lengths.items():
        if length != lengths[first]:
            return f"descriptors must be equally long, found {lengths[first]} for {first!r} and {length} for {task!r}"
        if length == 0 or not all(map(math.isfinite, descriptors[task])):
            return f"the descriptor of {task!r} must hold finite numbers, found {list(descriptors[task])}"
    return None


class TaskVectors:
    """Linear map of the task descriptors, W z_i: a vector of features for every task.

    With one-hot descriptors task i reads one row of W alone, so that row is the task's private copy, which does not
    change while the task is absent.  With vectors given by the user all tasks read, hence share, the whole of W.

    Args:
        name: of the parameter, unique in the network.
        tasks: names, in order.
        descriptors: task name → vector; ``None``: one-hot.
        outputs: number of features, o.
        initialise: makes an initialiser for a shape.
    """

    def __init__(
        self,
        name: str,
        tasks: Sequence[str],
        descriptors: Descriptors | None,
        outputs: int,
        initialise: Callable[..., Initialiser],
    ) -> None:
        matrix = None if descriptors is None else descriptor_matrix(tasks, descriptors)
        self._z = None if matrix is None else FixedTensor(matrix)
        shape = (outputs,) if matrix is None else (matrix.shape[1], outputs)
        self.weight = Slot(name, private(tasks) if self._z is None else (SHARED,), shape, initialise(*shape))
        self.slots = (self.weight,)

    def __call__(self, theta: Theta) -> Float[Tensor, "r t o"]:
        weight = theta[self.weight]
        if self._z is None:
            return weight
        return self._z.like(weight).expand(len(weight), -1, -1).bmm(weight[:, 0])


def along(values: Float[Tensor, "r t o"], y: Float[Tensor, "r t b *f"], feature_axis: int) -> Tensor:
    """Return ``values`` in a shape that broadcasts over the examples and places of ``y``.

    Args:
        values: one number for every task and feature.
        y: the signal to broadcast over.
        feature_axis: position of the features in ``y``.
    """
    axis = feature_axis % y.ndim
    return values.view(*values.shape[:2], *(values.shape[2] if place == axis else 1 for place in range(2, y.ndim)))
