"""Ways to weigh tasks, one method a file.

A method is a function of what each row has: ``weigh`` turns the losses of a step into weights ``[r, t]``, and ``state``
— tensors with a leading r, kept with the replica's other rows — carries what it remembers.  Hyperparameters arrive as
columns ``[r, 1]`` (or ``[r, t]`` for a simplex), one value per replica.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.task import Task

State = dict[str, Tensor]


class Weighting(ABC):
    """A weighting method that needs nothing but losses.

    Args:
        tasks: in order.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tuple(tasks)

    def start(self, replicas: int) -> State:
        """The state before the first step; empty for methods that remember nothing."""
        return {}

    @abstractmethod
    def weigh(self, losses: Float[Tensor, "r t"], present: Bool[Tensor, "r t"], state: State) -> Float[Tensor, "r t"]:
        """Weights for this step; ``state`` is updated in place.

        Args:
            losses: detached; 0 where a task is absent.
            present: whether the task has a label in the batch.  An absent task's state stays as it is.
        """


def scaled(weights: Float[Tensor, "r t"], present: Bool[Tensor, "r t"], scale: str) -> Float[Tensor, "r t"]:
    """Weights of the present tasks: as they are (``native``) or divided by their total (``matched``).

    ``matched`` takes out of a method what is merely a larger or smaller step, so that methods are compared at equal
    total weight.
    """
    weights = torch.where(present, weights, 0.0)
    if scale == "native":
        return weights
    total = weights.abs().sum(dim=1, keepdim=True)
    return weights / torch.where(total > 0, total, 1.0)
