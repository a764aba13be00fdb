"""Kinds of task, one a file: the base classes, and the look-up by name.

A kind says what a head puts out, what a prediction costs in training, and what outputs mean.  Classes are counted
0 … k − 1.  All numbers of a fused array stay what they are alone: see :mod:`mtl_core.layers.activations` for the
functions whose bits do not depend on the place in the array.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from typing import ClassVar, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.registry import find, names


class TaskKind(ABC):
    """A kind of task; a further one is a file in this package."""

    has_classes: ClassVar[bool]
    """Whether labels are numbers of classes."""
    default_metric: ClassVar[str]
    """Metric that judges a task where nothing is said, and the data suggest no other one."""
    metrics: ClassVar[tuple[str, ...]] = ()
    """Metrics that judge it beside those that name the kind themselves."""
    likelihood_factor: ClassVar[float] = 1.0
    """By what the loss is multiplied to be minus a log-likelihood, up to a constant (½ for squared errors)."""

    def num_outputs(self, task: Task) -> int:
        """Return the number of outputs of a task's head; by default one for every number to predict."""
        return task.num_targets

    def num_directions(self, task: Task) -> int:
        """Return how many linear functions of the representation the outputs are, each with its own constant."""
        return self.num_outputs(task)

    @abstractmethod
    def labels_in_words(self, task: Task) -> str:
        """Return what the labels of a task are, for messages."""

    @abstractmethod
    def admits(self, task: Task, values: Float[Tensor, "*n"]) -> Bool[Tensor, "*n"]:
        """Return which values may be labels of a task, in their own unit; NaN, which stands for none, need not be."""

    @abstractmethod
    def losses(self, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]) -> Float[Tensor, "r g b"]:
        """Return the training loss of every example, which is 0 or more.

        Args:
            outputs: of the heads.
            targets: class numbers, or standardised numbers (a vector's before the examples), without NaN.
        """

    def seen_by_own_loss(
        self, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
    ) -> tuple[Float[Tensor, "r g c b"], Tensor]:
        """Return what a loss of the user's own sees of outputs and targets; by default all, as they are."""
        return outputs, targets

    @abstractmethod
    def constant(
        self,
        task: Task,
        labels: Float[Tensor, " n *m"],
        weights: Float[Tensor, " n"] | None,
        standards: tuple[Float[Tensor, " m"], Float[Tensor, " m"]],
    ) -> Float[Tensor, " k"]:
        """Return the constant outputs with the least mean loss.

        Args:
            task: what is predicted.
            labels: in their own unit; may be none.
            weights: float64, of the labels in the loss; ``None``: all count alike.
            standards: shift and scale of the targets.
        """

    @abstractmethod
    def in_own_unit(
        self, outputs: Float[Tensor, "r g k b"], shift: Float[Tensor, "r g k 1"], scale: Float[Tensor, "r g k 1"]
    ) -> Float[Tensor, "r g k b"]:
        """Return what metrics see: predictions in the target's own unit, or the outputs of classes as they are."""

    @abstractmethod
    def prediction(
        self, task: Task, outputs: Float[Tensor, "k b"], standards: tuple[Tensor, Tensor], logits: bool
    ) -> Tensor:
        """Return what an exported network predicts: numbers ``[b]`` or ``[b, k]``, or probabilities of classes.

        Args:
            task: what is predicted.
            outputs: of the task's head.
            standards: shift and scale of the task's targets.
            logits: whether to return logits instead of probabilities, whose softmax they are: of two classes that of 0
                and the one logit.  Numbers do not depend on it.
        """


class KindOfNumbers(TaskKind):
    """A kind of task whose labels are numbers."""

    has_classes = False
    is_centred: ClassVar[bool]
    """Whether targets are standardised by mean and deviation."""

    def labels_in_words(self, task: Task) -> str:
        """Return that they are numbers."""
        return "finite numbers"

    def admits(self, task: Task, values: Float[Tensor, "*n"]) -> Bool[Tensor, "*n"]:
        """Return which values are finite."""
        return (values > -torch.inf) & (values < torch.inf)  # isfinite takes ten times as long

    def scale(self, values: Float[Tensor, " n"]) -> float:
        """Return the scale of targets that are not centred, from training labels with NaN for missing ones."""
        return 1.0


class KindOfClasses(TaskKind):
    """A kind of task whose labels are numbers of classes."""

    has_classes = True
    default_metric = "accuracy"

    @abstractmethod
    def of_shares(self, shares: Float[Tensor, " c"]) -> Float[Tensor, " k"]:
        """Return the outputs that give every class its probability, all above 0; float64."""

    @abstractmethod
    def predicted(self, outputs: Float[Tensor, "r g k b"]) -> Float[Tensor, "r g b"]:
        """Return the class that is predicted for every example, as a number of the outputs' type."""

    def fits(self, num_classes: int) -> bool:
        """Return whether a task may have so many classes."""
        return num_classes >= 2

    def labels_in_words(self, task: Task) -> str:
        """Return which numbers the classes have."""
        return f"class numbers from 0 to {task.num_classes - 1}"

    def admits(self, task: Task, values: Float[Tensor, "*n"]) -> Bool[Tensor, "*n"]:
        """Return which values are numbers of classes."""
        return (values >= 0) & (values < task.num_classes) & (values == values.round())

    def constant(
        self,
        task: Task,
        labels: Float[Tensor, " n *m"],
        weights: Float[Tensor, " n"] | None,
        standards: tuple[Float[Tensor, " m"], Float[Tensor, " m"]],
    ) -> Float[Tensor, " k"]:
        """Return the outputs of the class frequencies; a class that is missing has half a label."""
        counts = torch.bincount(labels.long(), weights, minlength=task.num_classes).double()
        number = max(len(labels), 1)
        # a class that the training split lacks would cost an infinite log loss
        shares = (counts / (number if weights is None else counts.sum())).nan_to_num(0.0).clamp(min=0.5 / number)
        return self.of_shares(shares).to(labels)

    def in_own_unit(
        self, outputs: Float[Tensor, "r g k b"], shift: Float[Tensor, "r g k 1"], scale: Float[Tensor, "r g k 1"]
    ) -> Float[Tensor, "r g k b"]:
        """Return the outputs as they are."""
        return outputs


@cache
def kind_named(name: str) -> TaskKind:
    """Return the kind ``name`` of the registry.

    Raises:
        KeyError: when there is no such kind; the message lists those that there are.
    """
    return cast(TaskKind, find("kinds", name).cls())


def kind_of_classes(name: str) -> KindOfClasses:
    """Return the kind ``name``, which has classes.

    Raises:
        TypeError: when it has none.
    """
    kind = kind_named(name)
    if not isinstance(kind, KindOfClasses):
        raise TypeError(f"{name} tasks have no classes.")
    return kind


def kind_names() -> tuple[str, ...]:
    """Return the names of all kinds."""
    return names("kinds")
