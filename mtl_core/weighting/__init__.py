"""Weighting methods: how the tasks' losses or gradients become one step, one method a file.

A method is a function of one :class:`Step`: of the losses (:class:`LossWeighting`), of the inner products of the task
gradients on the shared parameters (:class:`GramianWeighting`), or of these gradients themselves
(:class:`JacobianWeighting`).  ``state`` (tensors whose first dimension is the replica, kept with the replica's other
rows) holds what a method remembers.  Hyperparameters arrive as columns ``[r, 1]`` (or ``[r, t]`` for a simplex), one
value per replica.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import options_of

State = dict[str, Tensor]
"""What a weighting method remembers between steps, by name; the first dimension is the replica."""
FLOOR = 1e-12
"""Smallest value of a loss that a method divides by or takes the logarithm of."""


@dataclass(frozen=True)
class Step:
    """What a weighting method sees of one training step.

    Args:
        losses: mean loss of each task on the step's batch, detached; 0 where a task is absent.
        present: whether a task has a label in the batch.  An absent task's state must stay as it is.
        state: what the method remembers of each row; it is updated in place.
        streams: random numbers of this step, keyed by row and task name.
        progress: share of its training that each row has completed; by default this is the first step.
    """

    losses: Float[Tensor, "r t"]
    present: Bool[Tensor, "r t"]
    state: State
    streams: Streams
    progress: Float[Tensor, "*r"] = field(default_factory=lambda: torch.zeros(()), kw_only=True)

    @property
    def num_present(self) -> Int[Tensor, "r 1"]:
        """Number of present tasks of each row; 1 where there is none, so that it can be divided by."""
        return self.present.sum(dim=1, keepdim=True).clamp(min=1)


@dataclass(frozen=True)
class GramianStep(Step):
    """A step with the inner products of the task gradients.

    To the method a task is present if its gradient is among those that are multiplied: one that uses none of the shared
    parameters, or has no label among the examples that estimate the products, is as good as absent.

    Args:
        gramian: J Jᵀ of the task gradients J on the shared parameters; rows and columns of absent tasks are 0.
    """

    gramian: Float[Tensor, "r t t"]


@dataclass(frozen=True)
class JacobianStep(Step):
    """A step with the task gradients themselves.

    Args:
        jacobians: task gradients on the shared parameters, of :attr:`JacobianWeighting.batches` independent batches;
            rows of absent tasks are 0.  ``losses`` are those of the first batch; a task is present if it uses shared
            parameters and has a label in every batch.  Private parameters take the mean of their gradients on these
            batches.
    """

    jacobians: Sequence[Float[Tensor, "r t p"]]


class Weighting(ABC):
    """Base class of all weighting methods.

    Args:
        tasks: the tasks, in the order of the losses.
    """

    needs: Literal["losses", "gramian", "jacobian"]
    """What a step of the method looks at, hence what it costs."""
    solves_on_host: bool = False
    """Whether a step's problem is solved on the CPU whatever the device: where an algorithm decides by its intermediate
    results how to go on, a GPU would have to tell them to the host many times in a step instead of once."""
    max_norm: float | None = None
    """Largest norm of a step's gradient on the shared parameters, to which longer ones are shortened; ``None``: any."""
    named_tasks: frozenset[str] = frozenset()
    """Names of tasks in the options.  A network may have a part of a study's tasks, so the study checks them."""

    def __new__(cls, *arguments: Any, **options: Any) -> Self:
        """Refuse options outside their domains, so that no method has to."""
        for name, option in (options_of(cls) if options else {}).items():
            value = options.get(name)
            if option.domain is not None and not isinstance(value, Tensor):  # a tensor holds what rows were checked for
                option.domain.check(name, value)
        return super().__new__(cls)

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tuple(tasks)

    @classmethod
    def consulted(cls, options: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
        """Return the name and the options of the method that one with these ``options`` consults; ``None``: no other.

        A method that consults another needs in a step what the other needs.
        """
        return None

    def start(self, replicas: int, shared: int = 0) -> State:
        """Return the state before the first step; it is empty for methods that remember nothing.

        Args:
            replicas: number of rows.
            shared: number of shared parameters, for methods that remember gradients.
        """
        return {}

    def after_epoch(self, losses: Float[Tensor, "r t"], seen: Bool[Tensor, "r t"], state: State) -> None:
        """Update ``state`` at the end of an epoch; by default nothing happens.

        Args:
            losses: mean training loss of each task over the epoch.
            seen: whether the task was present in any step of the epoch.
            state: as for :class:`Step`.
        """
        return


class LossWeighting(Weighting):
    """Base class of the methods that need nothing but losses; their weights act on all parameters."""

    needs = "losses"
    observes_step: ClassVar[bool] = False
    """Whether :meth:`observe_step` is called with the losses of the same batch after the update."""

    @abstractmethod
    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        """Return the weights of the tasks in this step."""

    def observe_step(self, step: Step) -> None:
        """Update the state by the losses of the step's batch after the update, computed with the same dropout."""
        raise AssertionError(f"{type(self).__name__} does not look again.")


class GramianWeighting(Weighting):
    """Base class of the methods that need the inner products of the task gradients on the shared parameters.

    Their weights combine the task gradients on the shared parameters.  A task that a method is not shown weighs as much
    as the others on average (:func:`mtl_core.gradients.seen_tasks.of_all_present`).
    """

    needs = "gramian"
    weighs_everything: bool = False
    """Whether the weights act on private parameters too, like those of a :class:`LossWeighting`; then a task whose
    gradient is 0 is not shown to the method, for its private parameters are to be trained."""

    @abstractmethod
    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        """Return the weights of the task gradients in this step."""


class JacobianWeighting(Weighting):
    """Base class of the methods that need the task gradients on the shared parameters one by one."""

    needs = "jacobian"
    batches: ClassVar[int] = 1
    """Number of independent batches of which a step needs the gradients."""
    adaptive: ClassVar[bool] = False
    """Whether :meth:`combine` has divided the gradients by moments, as Adam does: then the optimiser steps along the
    direction as it is, and the scale ``matched`` divides it by the number of present tasks."""

    def own_factors(self, losses: Float[Tensor, "r t"]) -> Float[Tensor, "r t"]:
        """Return the factors of the tasks' gradients on private parameters.

        They are 1 unless the method minimises something else than the losses.
        """
        return torch.ones_like(losses)

    @abstractmethod
    def combine(self, step: JacobianStep) -> Float[Tensor, "r p"]:
        """Return the direction, to be stepped against, on the shared parameters."""


def softmax(scores: Float[Tensor, "r t"], present: Bool[Tensor, "r t"]) -> Float[Tensor, "r t"]:
    """Return the softmax of ``scores`` over the present tasks; 0 for absent tasks, also where none is present."""
    shares = torch.where(present, scores, -torch.inf).softmax(dim=1)
    return torch.where(present, shares, 0.0)


def remember(state: State, present: Bool[Tensor, "r t"], **new: Float[Tensor, "r t"]) -> None:
    """Overwrite entries of ``state``, in place, for the present tasks; absent tasks keep theirs."""
    merged = {name: torch.where(present, value, state[name]) for name, value in new.items()}
    for name, value in merged.items():  # after all were computed, since a new value may be another entry's old one
        state[name].copy_(value)
