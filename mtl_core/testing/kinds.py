"""What every kind of task promises: losses of 0 or more, finite at extremes, and constants that no other one betters.

``check_kind("mine")`` checks all of it.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mtl_core.data.kinds import KindOfClasses, KindOfNumbers, TaskKind, kind_named
from mtl_core.data.metrics import metric_named, metrics_of_kind
from mtl_core.data.task import Task
from mtl_core.testing.best_constants import check_best_constant

EXAMPLES = 120
EXTREME = 60.0
CLASSES = 4


def check_kind(name: str) -> None:
    """Check the whole contract of a kind.

    Args:
        name: the kind's name in the registry.

    Raises:
        AssertionError: naming the promise that is not kept.
    """
    kind = kind_named(name)
    task, labels = some_task(name), some_labels(kind)
    check_metrics(name)
    check_losses(kind, task, labels)
    check_constants(kind, task, labels)
    check_places(kind, task, labels)
    for metric in metrics_of_kind(name):
        check_best_constant(replace(task, metric=metric))


def some_task(name: str) -> Task:
    """Return a task of the kind, with two classes where it can have no other number."""
    kind = kind_named(name)
    number = 1 if not isinstance(kind, KindOfClasses) else CLASSES if kind.fits(CLASSES) else 2
    return Task(name, name, kind.default_metric, number)


def some_labels(kind: TaskKind) -> Tensor:
    """Return labels in their own unit, [n]."""
    chance = torch.Generator().manual_seed(3)
    if isinstance(kind, KindOfClasses):
        return torch.randint(CLASSES if kind.fits(CLASSES) else 2, (EXAMPLES,), generator=chance).float()
    return torch.poisson(torch.full((EXAMPLES,), 2.5), generator=chance)


def check_metrics(name: str) -> None:
    """Check that metrics judge the kind, its default among them."""
    default, judging = kind_named(name).default_metric, metrics_of_kind(name)
    assert default in judging, f"{name}: {default} does not judge it, but {judging}"
    assert metric_named(default).perfect is not None


def check_losses(kind: TaskKind, task: Task, labels: Tensor) -> None:
    """Check that losses are at least 0 and finite, gradients too, also for outputs far from all labels."""
    for size in (0.0, 1.0, EXTREME):
        chance = torch.Generator().manual_seed(5)
        outputs = size * torch.randn(2, 1, task.num_outputs, EXAMPLES, generator=chance).requires_grad_()
        losses = kind.losses(outputs, labels.expand(2, 1, -1))
        assert losses.shape == (2, 1, EXAMPLES), f"{task.kind}: losses of {tuple(losses.shape)}"
        assert losses.isfinite().all(), f"{task.kind}: a loss of outputs of size {size} is not finite"
        assert (losses >= -1e-5).all(), f"{task.kind}: a loss below 0"
        (gradient,) = torch.autograd.grad(losses.sum(), outputs)
        assert gradient.isfinite().all(), f"{task.kind}: a gradient at outputs of size {size} is not finite"


def check_constants(kind: TaskKind, task: Task, labels: Tensor) -> None:
    """Check that the constant has the least mean loss: nothing near it has less; with weights as with repeats."""
    labels = labels.double()
    shift, scale = standards = _standards(kind, labels)
    constant = kind.constant(task, labels, None, standards).double()
    outputs = constant.view(1, 1, -1, 1).expand(-1, -1, -1, EXAMPLES).clone().requires_grad_()
    mean = kind.losses(outputs, ((labels - shift) * scale)[None, None]).mean()
    (slope,) = torch.autograd.grad(mean, outputs)
    assert (slope.sum(dim=3).abs() < 1e-4).all(), f"{task.kind}: the constant {constant.tolist()} is no minimum"
    repeats = 1 + torch.arange(EXAMPLES) % 3
    ones = torch.ones(int(repeats.sum())).double()
    weighted = kind.constant(task, labels, repeats.double(), standards)
    repeated = kind.constant(task, labels.repeat_interleave(repeats), ones, standards)
    assert torch.allclose(weighted, repeated, atol=1e-5), f"{task.kind}: weights are no repeats"
    empty = kind.constant(task, labels[:0], None, standards)
    assert empty.isfinite().all(), f"{task.kind}: no labels give {empty.tolist()}"


def _standards(kind: TaskKind, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Shift and scale of the labels, as training has them."""
    if not isinstance(kind, KindOfNumbers):
        return torch.zeros(1), torch.ones(1)
    if kind.is_centred:
        return labels.mean().view(1), 1 / labels.std(correction=0).view(1)
    return torch.zeros(1), torch.tensor([kind.scale(labels)])


def check_places(kind: TaskKind, task: Task, labels: Tensor) -> None:
    """Check that the bits of a loss do not depend on how many examples stand beside it."""
    chance = torch.Generator().manual_seed(7)
    outputs = torch.randn(2, 1, task.num_outputs, EXAMPLES, generator=chance)
    targets = labels.expand(2, 1, -1)
    whole = kind.losses(outputs, targets)
    for number in (1, 3, 7, 33):
        part = kind.losses(outputs[..., :number].contiguous(), targets[..., :number].contiguous())
        assert torch.equal(part, whole[..., :number]), f"{task.kind}: bits of a loss depend on the array's length"
