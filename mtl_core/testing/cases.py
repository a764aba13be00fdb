"""Architectures on backbones with common and with own inputs: what the contract is checked on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Theta
from mtl_core.layers.dropout import noise_of
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.randomness.counter_based import Streams
from mtl_core.recipe import Recipe
from mtl_core.registry import entries, find
from mtl_core.testing.small_tasks import ALIKE, FUNNEL, MIXED, small_tasks

BACKBONE_OPTIONS: dict[str, dict[str, Any]] = {
    "custom": {"modules": ["mtl_core.testing.example_stages:Wide", "mtl_core.testing.example_stages:Square"]},
}
"""What a backbone cannot do without; the others stand on their defaults."""
ON_IMAGES = ("convnet", "resnet", "custom")
"""Backbones that are tried on images; others are tried on images where they take nothing else."""
LONG_ENOUGH = 6
"""Epochs after which losses must have fallen."""
Names = tuple[str, ...]
TASK_CHOICES: tuple[Names, ...] = (MIXED, ALIKE, MIXED[:1], FUNNEL)
"""Names of tasks to try an architecture on: the first that it can be built for."""


@dataclass(frozen=True)
class Case:
    """One combination.

    Args:
        recipe: what is built.
        data: what it is built for.
        trains: whether it is trained too, or only asked for outputs.
    """

    recipe: Recipe
    data: Development
    trains: bool = True

    def __str__(self) -> str:
        depth = "" if self.recipe.depth is None else f"-{self.recipe.depth}"
        recipe = self.recipe
        named = {**recipe.sharing_options, **(recipe.backbone_options if recipe.backbone != "custom" else {})}
        options = "".join(f"-{name}={value if len(str(value)) < 9 else '…'}" for name, value in named.items())
        inputs = "own" if self.data.own_inputs else "common"
        weighed = "" if self.recipe.weighting == "equal" else f"-{self.recipe.weighting}-{self.recipe.scale}"
        return f"{self.recipe.sharing}{depth}-{self.recipe.backbone}-{inputs}{options}{weighed}"

    @property
    def network(self) -> Network:
        """The network of the case, built anew."""
        return Network(self.recipe, self.data.tasks, self.data.shape)

    @property
    def learns(self) -> bool:
        """Whether it trains for so long that losses must fall."""
        return self.recipe.epochs >= LONG_ENOUGH

    @property
    def signals(self) -> int:
        """Batches that a step draws."""
        return len(self.data.tasks) if self.data.own_inputs else 1


def cases_of(
    sharing: str, backbone: str, *, tasks: Sequence[Names] = TASK_CHOICES, examples: int = 48,
    trained_depths: tuple[int, int] = (1, 1), **settings: Any,
) -> list[Case]:  # fmt: skip
    """Return a case for every depth of an architecture on one backbone, with common and with own inputs.

    Args:
        sharing: name of the architecture.
        backbone: name of the backbone.
        tasks: names of tasks to try; the first that are feasible are taken.
        examples: number of examples, see :func:`~mtl_core.testing.small_tasks.small_tasks`.
        trained_depths: the depths that are trained too, with common inputs and with own inputs.
        settings: of the :class:`~mtl_core.recipe.Recipe`, ``stages`` among them.
    """
    found = []
    for own_inputs in (False, True):
        for depth in range(1, settings["stages"] + 1) if find("sharing", sharing).cls.uses_depth else [None]:
            recipe = Recipe(sharing=sharing, depth=depth, backbone=backbone, **settings)
            data = _data_for(backbone, tasks, own_inputs, examples)
            possible = (each for each in data if why_infeasible(recipe, each) is None)
            trains = depth in (None, trained_depths[own_inputs])
            found += [Case(recipe, each, trains) for each in itertools.islice(possible, 1)]
    return found


def _data_for(backbone: str, tasks: Sequence[Names], own_inputs: bool, examples: int) -> Iterator[Development]:
    """Task sets in the order in which they are tried; every column is a token, and costs."""
    columns = 5 if backbone == "transformer" else 24
    for image in [True] if backbone in ON_IMAGES else [False, True]:
        for names in tasks:
            yield small_tasks(names, image=image, own_inputs=own_inputs, columns=columns, examples=examples)


def small_cases(sharing: str, options: Mapping[str, Any] | None = None, **settings: Any) -> list[Case]:
    """Return the cases of an architecture on every backbone: two narrow stages, every depth, both kinds of inputs."""
    sizes: dict[str, Any] = {"stages": 2, "width": 8, "batch_size": 13, "epochs": 2}
    return [
        case
        for backbone in entries("backbones")
        for case in cases_of(
            sharing,
            backbone,
            backbone_options=BACKBONE_OPTIONS.get(backbone, {}),
            sharing_options=dict(options or {}),
            **(sizes | settings),
        )
    ]


def in_training(step: int = 3) -> ForwardContext:
    """Return the context of a training step of two rows, with the random numbers of the rows' own streams."""
    return ForwardContext(training=True, progress=torch.zeros(2), streams=Streams((0, 1), "sharing").at([step, step]))


def dropping(network: Network, step: int = 3) -> ForwardContext:
    """Return the context of a training step of two rows that drop activations, each at a rate of its own."""
    noise = noise_of((0, 1), (step, step), (0.2, 0.4))
    return replace(in_training(step), noise=noise, tasks=network.layout.tasks)


def shaken(network: Network, seeds: tuple[int, ...] = (0, 1)) -> Theta:
    """Return parameters off their starting points, where a correction may begin at zero and pass no gradient on."""
    theta = fresh(network, seeds)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for slot in network.layout.trained:
            theta[slot].add_(0.2 * torch.randn(theta[slot].shape, generator=generator))
    return theta


def fresh(network: Network, seeds: tuple[int, ...] | range = (0, 1)) -> Theta:
    """Return parameters before the first step, a row for each seed."""
    return network.layout.theta(network.layout.unpack(network.layout.initialise(seeds)))


def inputs_for(case: Case, signals: int | None = None, examples: int = 7) -> torch.Tensor:
    """Return random inputs ``[2 g b d]`` of two rows."""
    generator = torch.Generator().manual_seed(5)
    return torch.randn(2, signals or case.signals, examples, case.data.num_inputs, generator=generator)


def by_task(network: Network, outputs: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return outputs ``[r k b]`` by task, in the order of the tasks."""
    found = {
        member: logits[:, place if logits.shape[1] > 1 else 0]
        for bank, logits in zip(network.heads, outputs, strict=True)
        for place, member in enumerate(bank.members)
    }
    return {task.name: found[member] for member, task in enumerate(network.tasks)}
