"""Small task sets and rows that the engine's tests share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from mtl_core.data.task_set import Development, Examples
from mtl_core.layers.parameter_layout import Layout
from mtl_core.recipe import ReplicaConfig
from mtl_core.testing.small_tasks import TASKS


def development(
    names: Sequence[str] = ("price", "sold", "grade"), examples: int = 300, inputs: int = 12, missing: float = 0.0
) -> Development:
    """Learnable targets of the named kinds; ``missing`` is the share of labels taken away."""
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(examples, inputs, generator=generator)
    signals = x @ torch.randn(inputs, len(names), generator=generator)
    columns = []
    for name, signal in zip(names, signals.T, strict=True):
        classes = TASKS[name].num_classes
        ranks = signal.argsort().argsort() * classes // examples
        columns.append(5 * signal + 100 if TASKS[name].kind == "regression" else ranks.float())
    targets = torch.stack(columns, dim=1)
    targets[torch.rand(targets.shape, generator=generator) < missing] = torch.nan
    everything = torch.ones(inputs, dtype=torch.bool)
    return Development(tuple(TASKS[name] for name in names), Examples(x, targets), everything)


def own_inputs(
    names: Sequence[str] = ("price", "sold", "grade", "colour"), sizes: Sequence[int] = (120, 80, 60), inputs: int = 12
) -> Development:
    """Tasks of the given sizes whose inputs are their own, about different means."""
    chosen = tuple(names[: len(sizes)])
    pool = development(chosen, examples=max(sizes), inputs=inputs)
    x = torch.cat([pool.examples.inputs[:size] + place for place, size in enumerate(sizes)])
    targets = torch.full((len(x), len(chosen)), torch.nan)
    begin = 0
    for place, size in enumerate(sizes):
        targets[begin : begin + size, place] = pool.examples.targets[:size, place]
        begin += size
    return Development(pool.tasks, Examples(x, targets), pool.standardise, own_inputs=True)


def images(
    names: Sequence[str] = ("price", "sold", "grade"),
    examples: int = 80,
    image: tuple[int, int, int] = (1, 6, 8),
    own: bool = False,
) -> Development:
    """Targets that depend on every pixel; each task's images are its ``own``, or all see the same."""
    inputs = math.prod(image)
    if own:
        world = own_inputs(names, [examples - 10 * place for place in range(len(names))], inputs)
    else:
        world = development(names, examples, inputs)
    return replace(world, image=image)


def rows(number: int, seeds: int = 4, **hyperparameters: Any) -> list[ReplicaConfig]:
    """Rows that differ in seed and learning rate."""
    return [
        ReplicaConfig(
            key=f"row {i}",
            seed=i % seeds,
            hyperparameters={"learning_rate": 1e-3 * (1 + i % 5), "weight_decay": 1e-2, "dropout": 0.0}
            | {
                name: value[i % len(value)] if isinstance(value, list) else value
                for name, value in hyperparameters.items()
            },
        )
        for i in range(number)
    ]


def shared_columns(layout: Layout) -> torch.Tensor:
    """Positions among a row's trained parameters of those that several tasks use."""
    return layout.shared.nonzero().squeeze(1)
