"""What every metric promises: shapes, a defined value, bits that padding leaves alone, and influence that adds up.

``check_metric("mine")`` checks all of it, for every kind of task that the metric judges.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_core.data.metrics import Metric, metric_named
from mtl_core.data.task import Kind, Task

EXAMPLES = 200
TOLERANCE = 0.1
"""Relative difference that is allowed between two standard errors, by influence and by leaving out examples."""
CLASSES: dict[Kind, int] = {"regression": 1, "count": 1, "binary": 2, "multiclass": 4, "ordinal": 4}


def check_metric(name: str) -> None:
    """Check the whole contract of a metric.

    Args:
        name: the metric's name in the registry.

    Raises:
        AssertionError: naming the promise that is not kept.
    """
    metric = metric_named(name)
    assert metric.kinds, f"{name}: kinds is empty, so it judges no task"
    for kind in metric.kinds:
        task = Task(name, kind, name, CLASSES[kind])
        kept = metric.keep(task, *some_predictions(kind, EXAMPLES))
        expected = (2, 1, kept.shape[2] if kept.ndim == 4 else 0, EXAMPLES)
        assert tuple(kept.shape) == expected, f"{name}: keep returns {tuple(kept.shape)}, and not [r, g, s, b]"
        check_value(metric, task, kept)
        check_influence(metric, task, kept[0, 0])


def some_predictions(kind: Kind, number: int) -> tuple[Tensor, Tensor]:
    """Return outputs [2, 1, k, number] and targets [2, 1, number] that go together better than by chance."""
    chance = torch.Generator().manual_seed(17)
    noise = torch.randn(2, 1, CLASSES[kind], number, generator=chance)
    if kind in ("regression", "count"):
        targets = torch.poisson(torch.full((2, 1, number), 4.0), generator=chance)
        return targets.unsqueeze(2) * 0.7 + 1.5 + 0.5 * noise, targets
    targets = torch.randint(CLASSES[kind], (2, 1, number), generator=chance).float()
    if kind == "ordinal":
        steps = torch.tensor([0.0, 0.3, -0.2]).view(1, 1, 3, 1)
        return 1.5 + 0.8 * (targets - 1.5).unsqueeze(2) + noise[:, :, :1] + steps, targets
    if kind == "binary":
        return (2 * targets - 1).unsqueeze(2) + noise[:, :, :1], targets
    return noise + torch.nn.functional.one_hot(targets.long(), CLASSES[kind]).movedim(-1, 2), targets


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
