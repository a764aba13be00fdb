"""Ways to weigh tasks, one method a file.

A method is a function of what each row has in a step: of the losses (:class:`LossWeighting`), of the inner products of
the task gradients on the shared parameters (:class:`GramianWeighting`), or of these gradients themselves
(:class:`JacobianWeighting`).  ``state`` — tensors with a leading r, kept with the replica's other rows — carries what a
method remembers.  Hyperparameters arrive as columns ``[r, 1]`` (or ``[r, t]`` for a simplex), one value per replica.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.randomness.counter_based import Streams

State = dict[str, Tensor]
FLOOR = 1e-12
"""What a loss counts for at least, where a method divides by it or takes its logarithm."""


class Weighting(ABC):
    """What all methods have in common.

    Args:
        tasks: in order.
    """

    needs: ClassVar[Literal["losses", "gramian", "jacobian"]]
    """What a step of the method looks at, hence what it costs."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tuple(tasks)

    def start(self, replicas: int, shared: int = 0) -> State:
        """The state before the first step; empty for methods that remember nothing.

        Args:
            shared: number of shared parameters, for methods that remember gradients.
        """
        return {}

    def after_epoch(self, losses: Float[Tensor, "r t"], seen: Bool[Tensor, "r t"], state: State) -> None:
        """Told at the end of an epoch: the mean training loss of each task, and whether it was ever present."""
        return


class LossWeighting(Weighting):
    """A method that needs nothing but losses; its weights act on all parameters."""

    needs = "losses"
    observes_step: ClassVar[bool] = False
    """Whether :meth:`observe_step` wants the losses of the same batch after the update."""

    @abstractmethod
    def weigh(
        self, losses: Float[Tensor, "r t"], present: Bool[Tensor, "r t"], state: State, streams: Streams
    ) -> Float[Tensor, "r t"]:
        """Weights for this step; ``state`` is updated in place.

        Args:
            losses: detached; 0 where a task is absent.
            present: whether the task has a label in the batch.  An absent task's state stays as it is.
            streams: random numbers of this step, keyed by row and task name.
        """

    def observe_step(self, losses: Float[Tensor, "r t"], present: Bool[Tensor, "r t"], state: State) -> None:
        """The losses of the step's batch after the update, with the same dropout."""
        raise AssertionError(f"{type(self).__name__} does not look again.")


class GramianWeighting(Weighting):
    """A method that needs the inner products of the task gradients on the shared parameters.

    Its weights combine the task gradients on the shared parameters.
    """

    needs = "gramian"
    weighs_everything: ClassVar[bool] = False
    """Whether the weights act on private parameters too, like those of a :class:`LossWeighting`."""

    @abstractmethod
    def weigh(
        self,
        gramian: Float[Tensor, "r t t"],
        losses: Float[Tensor, "r t"],
        present: Bool[Tensor, "r t"],
        state: State,
        streams: Streams,
    ) -> Float[Tensor, "r t"]:
        """Weights of the task gradients for this step; ``state`` is updated in place.

        Args:
            gramian: J Jᵀ of the task gradients on the shared parameters; rows and columns of absent tasks are 0.
            losses, present, streams: as for :meth:`LossWeighting.weigh`.
        """


class JacobianWeighting(Weighting):
    """A method that needs the task gradients on the shared parameters one by one."""

    needs = "jacobian"
    batches: ClassVar[int] = 1
    """Independent batches of which a step needs the gradients."""

    def own_factors(self, losses: Float[Tensor, "r t"]) -> Float[Tensor, "r t"]:
        """What the gradients of the own losses on private parameters are multiplied by; other than 1 for a method that
        minimises something else than the losses."""
        return torch.ones_like(losses)

    @abstractmethod
    def combine(
        self,
        jacobians: Sequence[Float[Tensor, "r t p"]],
        losses: Float[Tensor, "r t"],
        present: Bool[Tensor, "r t"],
        state: State,
        streams: Streams,
    ) -> Float[Tensor, "r p"]:
        """The direction (to be stepped against) on the shared parameters; ``state`` is updated in place.

        Args:
            jacobians: task gradients on :attr:`batches` batches; rows of absent tasks are 0.
            losses, present, streams: as for :meth:`LossWeighting.weigh`; losses are those of the first batch.
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


def matched(
    direction: Float[Tensor, "r q"], jacobian: Float[Tensor, "r t q"], present: Float[Tensor, "r t"], scale: str
) -> Float[Tensor, "r q"]:
    """A direction without weights: as it is (``native``), or as long as the mean gradient of the present tasks."""
    if scale == "native":
        return direction
    mean = jacobian.sum(dim=1) / present.sum(dim=1, keepdim=True).clamp(min=1)
    length = direction.square().sum(dim=1, keepdim=True).sqrt()
    wanted = mean.square().sum(dim=1, keepdim=True).sqrt()
    return direction * torch.where(length > 0, wanted / length, 0.0)


def softmax(scores: Float[Tensor, "r t"], present: Bool[Tensor, "r t"]) -> Float[Tensor, "r t"]:
    """Softmax over the present tasks, 0 for the others; nothing but 0 where none is present."""
    shares = torch.where(present, scores, -torch.inf).softmax(dim=1)
    return torch.where(present, shares, 0.0)


def remember(state: State, present: Bool[Tensor, "r t"], **new: Float[Tensor, "r t"]) -> None:
    """Overwrite what ``state`` holds of the present tasks; the others keep theirs."""
    merged = {name: torch.where(present, value, state[name]) for name, value in new.items()}
    for name, value in merged.items():  # after all were computed, for a new value may be another's old one
        state[name].copy_(value)
