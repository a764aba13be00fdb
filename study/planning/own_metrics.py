"""A check of the user's own metrics before anything trains: on perfect, on noisy and on constant predictions."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from mtl_core.data.kinds import kind_of_classes
from mtl_core.data.metrics import metric_named
from mtl_core.data.metrics.own.own_metric import OwnMetric
from mtl_core.data.target_columns import columns_of_only
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development
from mtl_core.errors import UserError

MOST_ROWS = 2_000
CLOSE = 1e-4
"""Largest difference, relative to the constant prediction's, between a perfect prediction and what it should have."""


def check_own_metrics(development: Development) -> None:
    """Check the tasks' own metrics on labels to develop on; the user's code is imported here.

    Raises:
        UserError: when one cannot be imported, fails, returns no number or NaN, or does not have its ``perfect`` for
            perfect predictions.
    """
    for task in development.tasks:
        metric = metric_named(task.metric)
        if not isinstance(metric, OwnMetric):
            continue
        (column,) = columns_of_only(development.tasks, [task.name])
        labels = development.examples.targets[:, column]
        _check(metric, task, labels[~labels.isnan()][:MOST_ROWS])


def _check(metric: OwnMetric, task: Task, labels: Tensor) -> None:
    noise = torch.randn(len(labels), generator=torch.Generator().manual_seed(0))
    perfect = _perfect(task, labels)
    predictions = {
        "perfect predictions": perfect,
        "noisy predictions": perfect * 0.02 + noise if task.has_classes else perfect + labels.std() * noise,
        "a constant prediction": _constant(task, labels),
    }
    values = {name: _value(metric, task, outputs, labels, name) for name, outputs in predictions.items()}
    found, constant = values["perfect predictions"], values["a constant prediction"]
    room = abs(metric.perfect - constant)
    if room == 0:
        raise UserError(metric.path, f"a constant prediction of {task.name!r} is perfect by it.", "Change the metric.")
    if task.kind != "ordinal" and abs(found - metric.perfect) > CLOSE * room:
        said = f"perfect predictions of {task.name!r} have {found:.6g}, and its perfect is {metric.perfect:g}."
        raise UserError(metric.path, said, "Correct one of the two; its arguments are targets, then predictions.")


def _value(metric: OwnMetric, task: Task, outputs: Tensor, labels: Tensor, name: str) -> float:
    try:
        value = metric.of_all(task, outputs[None, None], labels[None, None])
    except UserError:
        raise
    except Exception as error:  # the user's code runs here, and whatever it raises is theirs to know
        found = f"it fails on {name} of {task.name!r} ({type(error).__name__}: {error})."
        raise UserError(metric.path, found, "Its arguments are targets, then predictions, as arrays.") from error
    if math.isnan(value):
        raise UserError(metric.path, f"it is NaN for {name} of {task.name!r}.", "Return a number wherever labels are.")
    return value


def _perfect(task: Task, labels: Tensor) -> Tensor:
    """Outputs [k, n] of a network that knows the labels; for classes in an order of one that nearly does."""
    if not task.has_classes:
        return labels[None]
    if task.kind == "binary":
        return 100 * (2 * labels - 1)[None]
    if task.kind == "ordinal":
        return _constant(task, labels) + torch.eye(task.num_outputs)[:, :1] * 10 * (labels - labels.mean())
    return 100.0 * one_hot(labels.long(), task.num_classes).T


def _constant(task: Task, labels: Tensor) -> Tensor:
    if not task.has_classes:
        return labels.mean().expand(1, len(labels))
    counts = torch.bincount(labels.long(), minlength=task.num_classes).double()
    shares = (counts + 0.5) / (counts + 0.5).sum()
    return kind_of_classes(task.kind).of_shares(shares).float()[:, None].expand(-1, len(labels))
