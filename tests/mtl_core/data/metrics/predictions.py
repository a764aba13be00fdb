"""Predictions that the tests of all metrics share: right more often than by chance, with ties."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_core.data.metrics import Metric, metric_named
from mtl_core.data.task import Kind, Task

CLASSES: dict[Kind, int] = {"regression": 1, "binary": 2, "multiclass": 4, "ordinal": 4, "count": 1}


def task_of(kind: Kind, metric: str) -> Task:
    """A task of the kind that the metric judges."""
    return Task(f"{kind} {metric}", kind, metric, CLASSES[kind])


def predictions(kind: Kind, number: int, seed: int = 0, rows: int = 1) -> tuple[Tensor, Tensor]:
    """Outputs [rows, 1, k, number] and targets [rows, 1, number]; a fifth of binary examples are positive."""
    chance = torch.Generator().manual_seed(seed)
    shape, noise = (rows, 1, number), torch.randn(rows, 1, CLASSES[kind], number, generator=chance)
    if kind in ("regression", "count"):
        targets = torch.poisson(torch.full(shape, 3.0), generator=chance)
        return (0.6 * targets + 1.2).unsqueeze(2) + 0.8 * noise, targets
    if kind == "binary":
        targets = (torch.rand(shape, generator=chance) < 0.2).float()
        return ((1.4 * targets - 0.7).unsqueeze(2) + noise[:, :, :1]).mul(10).round().div(10), targets
    targets = torch.multinomial(torch.tensor([0.45, 0.3, 0.2, 0.05]), rows * number, True, generator=chance)
    targets = targets.view(shape).float()
    if kind == "ordinal":
        steps = torch.tensor([0.0, 0.2, -0.1]).view(1, 1, 3, 1)
        return 1.5 + 0.9 * (targets - 1.5).unsqueeze(2) + 0.8 * noise[:, :, :1] + steps, targets
    right = torch.nn.functional.one_hot(targets.long(), 4).movedim(-1, 2)
    return noise + right, targets


def kept_by(metric: str, kind: Kind, number: int, seed: int = 0) -> tuple[Metric, Task, Tensor]:
    """The metric, its task, and the numbers [s, number] that it keeps of predictions."""
    task = task_of(kind, metric)
    return metric_named(metric), task, metric_named(metric).keep(task, *predictions(kind, number, seed))[0, 0]


def value(metric: str, kind: Kind, outputs: list[float], targets: list[float]) -> float:
    """The metric of single outputs: logits of the second class, predicted numbers, or the number of a class."""
    task, found = task_of(kind, metric), torch.tensor(outputs)[None, None, None]
    if kind == "multiclass":
        found = torch.nn.functional.one_hot(torch.tensor(outputs).long(), 4).T[None, None].float()
    return metric_named(metric).of_all(task, found, torch.tensor(targets)[None, None])
