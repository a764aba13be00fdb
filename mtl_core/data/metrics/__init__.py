"""Metrics of predictions, one a file: the base classes, and the look-up by name.

A metric keeps a few numbers of every example, from which follow its value on a set of examples and what each example
contributes to it.  A metric that is a mean over examples (:class:`MeanMetric`) needs a score of every example alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from typing import ClassVar, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.metrics.statistics.sums import sum_in_chunks
from mtl_core.data.task import Kind, Task
from mtl_core.registry import find, names


class Metric(ABC):
    """A metric of a task's predictions; a further one is a file in this package."""

    kinds: ClassVar[tuple[Kind, ...]]
    """Kinds of task that it judges."""
    perfect: ClassVar[float]
    """Value for perfect predictions."""
    judges_vectors: ClassVar[bool] = False
    """Whether it judges regressions that predict several numbers at once."""
    judges_negative: ClassVar[bool] = True
    """Whether it judges regressions with targets below 0."""
    squares_errors: ClassVar[bool] = False
    """Whether it squares errors in the target's own unit, in float32."""

    def constant(
        self,
        task: Task,
        labels: Float[Tensor, " n *k"],
        for_loss: Float[Tensor, " k"],
        weights: Float[Tensor, " n"] | None = None,
    ) -> Float[Tensor, " k"]:
        """Return the outputs of the best constant prediction.

        Args:
            task: what is predicted.
            labels: of the training split, in their own unit.
            for_loss: outputs of the constant prediction with the least loss: log class frequencies, or the mean.
            weights: of the labels in the metric; ``None``: all count alike.
        """
        return for_loss

    @abstractmethod
    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the s numbers of every example that the metric is computed from.

        Args:
            task: what is predicted.
            outputs: logits, or predictions in the target's own unit.
            targets: class numbers, or targets in their own unit (a vector's numbers before the examples), without NaN.
        """

    @abstractmethod
    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the metric of each set of examples, NaN where its labels leave it undefined.

        The bits of a value do not depend on examples that are not counted and stand behind the others.

        Args:
            task: what is predicted.
            kept: numbers that :meth:`keep` returned.
            counted: which examples belong to the set.
        """

    @abstractmethod
    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return what every example contributes: by how much the metric moves per unit of weight moved to the example.

        The numbers have mean 0, and their variance over n is the variance of the metric that comes from the choice of
        examples: the infinitesimal jackknife.

        Source: B. Efron, "The jackknife, the bootstrap and other resampling plans", SIAM 1982, chapter 6.

        Args:
            task: what is predicted.
            kept: numbers that :meth:`keep` returned, of a set of examples.
        """

    def of_all(self, task: Task, outputs: Float[Tensor, "1 1 k n"], targets: Float[Tensor, "1 1 *k n"]) -> float:
        """Return the metric of one set of predictions; NaN without any."""
        kept = self.keep(task, outputs, targets)
        counted = torch.ones(1, 1, kept.shape[3], dtype=torch.bool)
        return self.value(task, kept, counted).item()


class MeanMetric(Metric):
    """A metric that is the mean over examples of a score that depends on the example alone."""

    @abstractmethod
    def scores(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
    ) -> Float[Tensor, "r g b"]:
        """Return the score of every example; arguments are those of :meth:`Metric.keep`."""

    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the score of every example as its only number."""
        return self.scores(task, outputs, targets).unsqueeze(2)

    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the means of the scores that are counted."""
        return (sum_in_chunks(torch.where(counted, kept[..., 0, :], 0.0).double()) / counted.sum(dim=-1)).to(kept)

    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return how far every score lies above the mean."""
        scores = kept[0].double()
        return scores - scores.mean()

    def of_all(self, task: Task, outputs: Float[Tensor, "1 1 k n"], targets: Float[Tensor, "1 1 *k n"]) -> float:
        """Return the mean of the scores."""
        return self.scores(task, outputs, targets).mean().item()


@cache
def metric_named(name: str) -> Metric:
    """Return the metric ``name`` of the registry.

    Raises:
        KeyError: when there is no such metric; the message lists those that there are.
    """
    return cast(Metric, find("metrics", name).cls())


def is_mean(name: str) -> bool:
    """Return whether a metric is a mean over examples of a score that depends on the example alone."""
    return isinstance(metric_named(name), MeanMetric)


def metrics_of_kind(kind: Kind) -> tuple[str, ...]:
    """Return the names of the metrics that judge tasks of ``kind``."""
    further = find("kinds", kind).cls.metrics
    return tuple(name for name in names("metrics") if kind in metric_named(name).kinds or name in further)
