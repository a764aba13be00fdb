"""Small perceptrons of every kind of task, for tests of what a network computes from given inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from mtl_core.data.task import Task
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from tests.mtl_core.worlds import TASKS

NAMES = ("price", "sold", "grade", "colour")
ALL = tuple(TASKS[name] for name in NAMES)
OPTIONS: list[dict[str, Any]] = [
    {},
    {"norm": "layer"},
    {"residual": True, "activation": "gelu"},
    {"norm": "layer", "residual": True, "activation": "tanh"},
]
INPUTS = 12


def network_of(recipe: Recipe, tasks: Sequence[Task] = ALL) -> Network:
    return Network(recipe, tasks, (INPUTS,))


def outputs_of(
    network: Network, x: torch.Tensor, seeds: Sequence[int] = (0, 1), context: ForwardContext = EVALUATION
) -> tuple[list[torch.Tensor], Any]:
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise(seeds)))
    return network(theta, x, context), theta


def inputs(replicas: int = 2, signals: int = 1, examples: int = 9) -> torch.Tensor:
    return torch.randn(replicas, signals, examples, INPUTS, generator=torch.Generator().manual_seed(5))
