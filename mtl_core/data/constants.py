"""The best constant predictions of a task, fitted on training labels: what skill and losses are measured against."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.example_weights import weighted_mean
from mtl_core.data.kinds import kind_named
from mtl_core.data.losses import example_losses
from mtl_core.data.metrics import metric_named
from mtl_core.data.own_losses.best_constant import best_constant
from mtl_core.data.task import Kind, Task
from mtl_core.registry import is_path


@dataclass(frozen=True)
class Constant:
    """The best constant prediction of a task, fitted on training labels.

    Args:
        task: what is predicted.
        for_loss: outputs ``[k]`` that minimise the training loss: log class frequencies, or the mean, by weight; what
            a search finds where that loss is the user's own.
        unweighted: outputs that minimise the kind's own loss where examples count in it as they do in the metric.
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
        return self._loss(self.for_loss, targets, weights, self.task.loss)

    def judging_loss(self, targets: Float[Tensor, " n *m"], weights: Float[Tensor, " n"] | None = None) -> float:
        """Return the mean of the kind's own loss for :attr:`unweighted`; arguments are those of :meth:`loss`."""
        return self._loss(self.unweighted, targets, weights, None)

    def _loss(
        self,
        constant: Float[Tensor, " k"],
        targets: Float[Tensor, " n *m"],
        weights: Float[Tensor, " n"] | None,
        own: str | None,
    ) -> float:
        standard = _one_signal(targets, (targets - self.shift) * self.scale)
        weights = None if weights is None else weights[_is_label(targets)]
        return _mean_loss(self.task.kind, own, constant, standard, weights).item()

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


def _mean_loss(
    kind: Kind,
    own: str | None,
    constant: Float[Tensor, " k"],
    standard: Float[Tensor, "1 1 *m l"],
    weights: Float[Tensor, " l"] | None,
) -> Float[Tensor, ""]:
    """The mean loss of constant outputs on standardised labels."""
    outputs = constant.view(1, 1, -1, 1).expand(-1, -1, -1, standard.shape[-1])
    losses = example_losses(kind, outputs, standard, own)
    return losses.mean() if weights is None else weighted_mean(losses[0, 0], weights)


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
    if task.loss is not None and len(labels):
        standard = _one_signal(targets, (targets - shift) * scale).double()
        of_loss = best_constant(partial(_mean_loss, task.kind, task.loss, standard=standard, weights=in_loss), of_loss)
    plain = of_metric if task.has_classes else _means(labels, in_metric)
    best = metric_named(task.metric).constant(task, labels, plain, in_metric)
    if task.loss is not None and is_path("metrics", task.metric):
        columns = (part.view(1, 1, -1, 1) for part in (of_loss, shift, scale))
        best = _better(task, labels, best, kind.in_own_unit(*columns).view(-1))
    return Constant(task, of_loss, of_metric, best, shift, scale)


def _better(task: Task, labels: Float[Tensor, " n"], usual: Float[Tensor, " k"], other: Float[Tensor, " k"]) -> Tensor:
    """Of two constants the one that the task's metric likes better on ``labels``: skill is not to be had for nothing.

    Nobody knows the best constant for a metric of the user's own; that of a loss of the user's own may be nearer to it.
    """
    metric, targets = metric_named(task.metric), labels[None, None]
    values = [
        metric.of_all(task, one[None, None, :, None].expand(-1, -1, -1, len(labels)), targets) for one in (usual, other)
    ]
    far = [abs(metric.perfect - value) for value in values]
    return other if far[1] < far[0] else usual


def _means(labels: Float[Tensor, " n *m"], weights: Float[Tensor, " n"] | None) -> Float[Tensor, " m"]:
    """The mean of every number; 0 without labels."""
    if weights is None:
        mean = labels.double().mean(dim=0)
    else:
        mean = torch.tensordot(weights, labels.double(), dims=1) / weights.sum()
    return mean.to(labels).nan_to_num(0.0).view(-1)
