"""The best constant predictions of a task, fitted on training labels: what skill and losses are measured against."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.example_weights import weighted_mean
from mtl_core.data.kinds import kind_named
from mtl_core.data.losses import example_losses
from mtl_core.data.metrics import metric_named
from mtl_core.data.task import Task


@dataclass(frozen=True)
class Constant:
    """The best constant prediction of a task, fitted on training labels.

    Args:
        task: what is predicted.
        for_loss: outputs ``[k]`` that minimise the training loss: log class frequencies, or the mean, by weight.
        unweighted: outputs that would minimise it if all examples counted alike in it as they do in the metric.
        for_metric: outputs ``[k]`` that are best for the task's metric, for absolute error the median.
        shift, scale: standardisation of the task's targets.
    """

    task: Task
    for_loss: Float[Tensor, " k"]
    unweighted: Float[Tensor, " k"]
    for_metric: Float[Tensor, " k"]
    shift: Float[Tensor, " m"]
    scale: Float[Tensor, " m"]

    def loss(self, targets: Float[Tensor, " n *m"], weights: Float[Tensor, " n"] | None = None) -> float:
        """Return the mean training loss on the labelled ones of ``targets``; NaN without any.

        Args:
            targets: in their own unit.
            weights: of the examples in the loss; ``None``: all count alike.
        """
        return self._loss(self.for_loss, targets, weights)

    def judging_loss(self, targets: Float[Tensor, " n *m"], weights: Float[Tensor, " n"] | None = None) -> float:
        """Return the mean loss of the constant that is best when examples count as in the metric; as :meth:`loss`."""
        return self._loss(self.unweighted, targets, weights)

    def _loss(self, constant: Float[Tensor, " k"], targets: Float[Tensor, " n *m"], weights: Tensor | None) -> float:
        standard = _one_signal(targets, (targets - self.shift) * self.scale)
        outputs = constant.view(1, 1, -1, 1).expand(-1, -1, -1, standard.shape[-1])
        losses = example_losses(self.task.kind, outputs, standard)
        if weights is None:
            return losses.mean().item()
        return weighted_mean(losses[0, 0], weights[_is_label(targets)]).item()

    def metric(self, targets: Float[Tensor, " n *m"], weights: Float[Tensor, " n"] | None = None) -> float:
        """Return the metric on the labelled ones of ``targets``; NaN without any.

        Args:
            targets: in their own unit.
            weights: of the examples in the metric; ``None``: all count alike.
        """
        labelled = _one_signal(targets, targets)
        outputs = self.for_metric.view(1, 1, -1, 1).expand(-1, -1, -1, labelled.shape[-1])
        metric = metric_named(self.task.metric)
        if weights is None:
            return metric.of_all(self.task, outputs, labelled)
        return weighted_mean(metric.keep(self.task, outputs, labelled)[0, 0, 0], weights[_is_label(targets)]).item()


def _one_signal(targets: Float[Tensor, " n *m"], values: Float[Tensor, " n *m"]) -> Float[Tensor, "1 1 *m l"]:
    """The rows of ``values`` that are labels, as losses and metrics want them: numbers of a vector before examples."""
    return values[_is_label(targets)].movedim(0, -1)[None, None]


def _is_label(targets: Float[Tensor, " n *m"]) -> Bool[Tensor, " n"]:
    return ~targets.isnan().view(len(targets), -1).any(dim=1)


def fitted_constant(
    task: Task, targets: Float[Tensor, " n *m"], standards: tuple[Tensor, Tensor], weights: tuple[Tensor | None, ...]
) -> Constant:
    """Return the best constants of a task.

    Args:
        task: what is predicted.
        targets: of the training split, in their own unit; NaN where an example has no label.
        standards: shift and scale of the targets.
        weights: of the examples in the loss, and in the metric; ``None``: all count alike.
    """
    known = _is_label(targets)
    labels, (shift, scale) = targets[known], standards
    in_loss, in_metric = (None if part is None else part[known].double() for part in weights)
    kind = kind_named(task.kind)
    of_loss, of_metric = (kind.constant(task, labels, part, standards) for part in (in_loss, in_metric))
    plain = of_metric if task.has_classes else _means(labels, in_metric)
    best = metric_named(task.metric).constant(task, labels, plain, in_metric)
    return Constant(task, of_loss, of_metric, best, shift, scale)


def _means(labels: Float[Tensor, " n *m"], weights: Float[Tensor, " n"] | None) -> Float[Tensor, " m"]:
    """The mean of every number; 0 without labels."""
    if weights is None:
        mean = labels.double().mean(dim=0)
    else:
        mean = torch.tensordot(weights, labels.double(), dims=1) / weights.sum()
    return mean.to(labels).nan_to_num(0.0).view(-1)
