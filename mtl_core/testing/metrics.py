"""What every metric promises: shapes, defined values, bits that padding leaves alone, influence, the best constant.

``check_metric("mine")`` checks all of it, for every kind of task that the metric judges.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mtl_core.data.kinds import KindOfNumbers, kind_named, kind_names, kind_of_classes
from mtl_core.data.metrics import Metric, metric_named, metrics_of_kind
from mtl_core.data.task import Kind, Task
from mtl_core.registry import is_path
from mtl_core.testing.best_constants import check_best_constant
from mtl_core.testing.kinds import some_task

EXAMPLES = 200
TOLERANCE = 0.1
"""Relative difference that is allowed between two standard errors, by influence and by leaving out examples."""


def check_metric(name: str) -> None:
    """Check the whole contract of a metric.

    Args:
        name: the metric's name in the registry.

    Raises:
        AssertionError: naming the promise that is not kept.
    """
    metric = metric_named(name)
    assert metric.kinds, f"{name}: kinds is empty, so it judges no task"
    for kind in (kind for kind in kind_names() if kind in metric.kinds or name in metrics_of_kind(kind)):
        task = replace(some_task(kind), metric=name)
        kept = metric.keep(task, *some_predictions(kind, EXAMPLES))
        expected = (2, 1, kept.shape[2] if kept.ndim == 4 else 0, EXAMPLES)
        assert tuple(kept.shape) == expected, f"{name}: keep returns {tuple(kept.shape)}, and not [r, g, s, b]"
        check_value(metric, task, kept)
        check_influence(metric, task, kept[0, 0])
        if not is_path("metrics", name):  # nobody knows the best constant for a function of the user's own
            check_best_constant(task)


def some_predictions(kind: Kind, number: int) -> tuple[Tensor, Tensor]:
    """Return outputs [2, 1, k, number] and targets [2, 1, number] that go together better than by chance."""
    chance, classes = torch.Generator().manual_seed(17), some_task(kind).num_classes
    noise = torch.randn(2, 1, classes, number, generator=chance)
    if isinstance(kind_named(kind), KindOfNumbers):
        targets = torch.poisson(torch.full((2, 1, number), 4.0), generator=chance)
        return targets.unsqueeze(2) * 0.7 + 1.5 + 0.5 * noise, targets
    targets = torch.randint(classes, (2, 1, number), generator=chance).float()
    if kind == "ordinal":
        steps = torch.tensor([0.0, 0.3, -0.2]).view(1, 1, 3, 1)
        return 1.5 + 0.8 * (targets - 1.5).unsqueeze(2) + noise[:, :, :1] + steps, targets
    if kind == "binary":
        return (2 * targets - 1).unsqueeze(2) + noise[:, :, :1], targets
    logits = noise + torch.nn.functional.one_hot(targets.long(), classes).movedim(-1, 2)
    if kind == "multiclass":
        return logits, targets
    shares = logits.double().softmax(dim=2).movedim(2, -1).flatten(0, 2)
    outputs = torch.stack([kind_of_classes(kind).of_shares(each) for each in shares])
    return outputs.view(2, 1, number, -1).movedim(-1, 2).float(), targets


def check_value(metric: Metric, task: Task, kept: Tensor) -> None:
    """Check that a value is finite, does not depend on its neighbours, and is NaN without examples."""
    name, every = task.metric, torch.ones(2, 1, EXAMPLES, dtype=torch.bool)
    part = torch.arange(EXAMPLES) < EXAMPLES // 2
    values = metric.value(task, kept, torch.stack([every[0], part[None]]))
    assert values.shape == (2, 1), f"{name}: value returns {tuple(values.shape)} for sets [2, 1]"
    assert values.isfinite().all(), f"{name}: values of ordinary predictions are {values.flatten().tolist()}"
    alone = metric.value(task, kept[1, 0, :, : EXAMPLES // 2], part[: EXAMPLES // 2])
    assert torch.equal(alone, values[1, 0]), f"{name}: a value depends on examples that are not counted"
    assert metric.value(task, kept[0, 0, :, :0], every[0, 0, :0]).isnan(), f"{name}: no examples must give NaN"


def check_influence(metric: Metric, task: Task, kept: Tensor) -> None:
    """Check that influence has mean 0 and the standard error that leaving out one example at a time gives."""
    every = torch.ones(EXAMPLES, dtype=torch.bool)
    influence = metric.influence(task, kept).double()
    assert influence.shape == (EXAMPLES,), f"{task.metric}: influence returns {tuple(influence.shape)}"
    assert abs(influence.mean()) < 1e-6 * influence.abs().max(), f"{task.metric}: influence must have mean 0"
    without = torch.stack(
        [metric.value(task, kept, every & (torch.arange(EXAMPLES) != one)) for one in range(EXAMPLES)]
    )
    expected = (EXAMPLES - 1) * (without.double().mean() - without.double())
    found = influence.square().sum().sqrt() / expected.square().sum().sqrt()
    told = f"{task.metric}: the standard error by influence is {found:.2f} times that of the jackknife"
    assert abs(found - 1) < TOLERANCE, told
