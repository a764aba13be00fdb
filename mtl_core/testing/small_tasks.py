"""A small learnable task set of any kinds of tasks, on columns or on images, with common or with own inputs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples

TASKS = {
    "price": Task("price", "regression", "mse"),
    "sold": Task("sold", "binary", "accuracy", 2),
    "grade": Task("grade", "multiclass", "accuracy", 3),
    "colour": Task("colour", "multiclass", "brier", 10),
}
"""Tasks whose heads differ in shape."""
MIXED = tuple(TASKS)
ALIKE = ("price", "bonus", "fee")
"""Names of tasks whose heads have one shape."""
SOME_ALIKE = ("price", "grade", "fee")
"""Names of tasks of which the first and the last have heads of one shape."""
FUNNEL = ("click", "basket", "buy")
"""Names of binary tasks each of which can only happen after the one before."""
IMAGE = (1, 4, 6)

_ALL = TASKS | {name: Task(name, "regression", "mse") for name in ("bonus", "fee")}
_ALL |= {name: Task(name, "binary", "accuracy", 2) for name in FUNNEL}


def small_tasks(
    names: Sequence[str],
    *,
    image: bool = False,
    own_inputs: bool = False,
    columns: int = 24,
    examples: int = 96,
    missing: float = 0.0,
) -> Development:
    """Return targets that depend linearly on all inputs, so that training must lower the losses.

    Args:
        names: of :data:`TASKS`, or "bonus" and "fee", which are regressions; or :data:`FUNNEL`.
        image: whether the inputs are images of shape :data:`IMAGE`; else they are columns, which are standardised.
        own_inputs: whether every example belongs to one task, tasks then being about different means.
        columns: number of inputs of an example that is no image.
        examples: number of examples; of each two tasks where inputs are their own.
        missing: share of the labels that is taken away.
    """
    columns = IMAGE[0] * IMAGE[1] * IMAGE[2] if image else columns
    number = examples * len(names) // 2 if own_inputs else examples
    generator = torch.Generator().manual_seed(11)
    x = torch.randn(number, columns, generator=generator)
    signals = x @ torch.randn(columns, len(names), generator=generator)
    targets = torch.stack([_labels(_ALL[name], signal) for name, signal in zip(names, signals.T, strict=True)], dim=1)
    if tuple(names) == FUNNEL:
        targets = targets.cumprod(dim=1)
    if missing:
        targets[torch.rand(targets.shape, generator=generator) < missing] = torch.nan
    if own_inputs:
        owner = torch.arange(number) % len(names)
        targets = torch.where(owner[:, None] == torch.arange(len(names)), targets, torch.nan)
        x = x + 0.3 * owner[:, None]
    tasks = tuple(_ALL[name] for name in names)
    standardise = torch.full((columns,), not image)
    return Development(tasks, Examples(x, targets), standardise, image=IMAGE if image else None, own_inputs=own_inputs)


def _labels(task: Task, signal: Tensor) -> Tensor:
    """The signal itself, or as many classes of it as the task has, of equal sizes."""
    ranks = signal.argsort().argsort() * task.num_classes // len(signal)
    return signal if task.kind == "regression" else ranks.float()
