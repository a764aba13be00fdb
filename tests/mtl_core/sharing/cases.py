"""Every architecture on every backbone with common and with own inputs: what the contract is checked on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.layers.bank import Slot, Theta
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.registry import entries
from tests.mtl_core.worlds import TASKS

NAMES = ("price", "sold", "grade", "colour")
STAGES, WIDTH = 2, 8
IMAGE = (1, 4, 6)

SHARING_OPTIONS: dict[str, dict[str, Any]] = {
    "branch": {"tree": [[["price", "sold", "grade", "colour"]], [["price", "grade", "colour"], ["sold"]]]},
}
"""What an architecture cannot do without; the others stand on their defaults."""

BACKBONE_OPTIONS: dict[str, dict[str, Any]] = {
    "custom": {"modules": ["tests.mtl_core.backbones.stages:Wide", "tests.mtl_core.backbones.stages:Square"]},
}
ALL = TASKS | {name: Task(name, "regression", "mse") for name in ("bonus", "fee")}
NEEDS_ONE_KIND = {"relationship"}
"""Architectures whose tasks must have heads of one shape."""


@dataclass(frozen=True)
class Case:
    """One combination.

    Args:
        recipe: what is built.
        data: what it is built for.
    """

    recipe: Recipe
    data: Development

    def __str__(self) -> str:
        depth = "" if self.recipe.depth is None else f"-{self.recipe.depth}"
        return f"{self.recipe.sharing}{depth}-{self.recipe.backbone}-{'own' if self.data.own_inputs else 'common'}"

    @property
    def network(self) -> Network:
        """Built anew."""
        return Network(self.recipe, self.data.tasks, self.data.shape)

    @property
    def signals(self) -> int:
        """Batches that a step draws."""
        return len(self.data.tasks) if self.data.own_inputs else 1


def world(names: tuple[str, ...], *, image: bool, own_inputs: bool) -> Development:
    """Learnable tasks on small images, or on as many columns; own inputs are about different means."""
    generator = torch.Generator().manual_seed(11)
    columns, each = 24, 48
    examples = each * (len(names) if own_inputs else 2)
    x = torch.randn(examples, columns, generator=generator)
    signals = x @ torch.randn(columns, len(names), generator=generator)
    targets = torch.stack([_labels(ALL[name], signal) for name, signal in zip(names, signals.T, strict=True)], dim=1)
    if own_inputs:
        owner = torch.arange(examples) % len(names)
        targets = torch.where(owner[:, None] == torch.arange(len(names)), targets, torch.nan)
        x = x + 0.3 * owner[:, None]
    tasks = tuple(ALL[name] for name in names)
    pool = Examples(x, targets)
    standardise = torch.full((columns,), not image)
    return Development(tasks, pool, standardise, image=IMAGE if image else None, own_inputs=own_inputs)


def _labels(task: Task, signal: torch.Tensor) -> torch.Tensor:
    ranks = signal.argsort().argsort() * task.num_classes // len(signal)
    return signal if task.kind == "regression" else ranks.float()


def tasks_for(sharing: str) -> tuple[str, ...]:
    """Names of the tasks that an architecture is tried on."""
    if sharing == "single_task":
        return NAMES[:1]
    return ("price", "bonus", "fee") if sharing in NEEDS_ONE_KIND else NAMES


def every_case(**settings: Any) -> Iterator[Case]:
    """All combinations that can exist, each at one shared stage and at all of them where depth is a option."""
    for sharing, entry in entries("sharing").items():
        for backbone in entries("backbones"):
            for own_inputs in (False, True):
                image = backbone in ("convnet", "resnet", "custom")
                data = world(tasks_for(sharing), image=image, own_inputs=own_inputs)
                for depth in range(1, STAGES + 1) if entry.cls.uses_depth else [None]:
                    recipe = Recipe(
                        sharing=sharing,
                        depth=depth,
                        backbone=backbone,
                        stages=STAGES,
                        width=WIDTH,
                        batch_size=13,
                        backbone_options=BACKBONE_OPTIONS.get(backbone, {}),
                        sharing_options=SHARING_OPTIONS.get(sharing, {}),
                        **settings,
                    )
                    if why_infeasible(recipe, data) is None:
                        yield Case(recipe, data)


def shaken(network: Network, seeds: tuple[int, ...] = (0, 1)) -> Theta:
    """Parameters off their starting points, where a correction may begin at zero and pass no gradient on."""
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise(seeds)))
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for slot in network.layout.trained:
            theta[slot].add_(0.2 * torch.randn(theta[slot].shape, generator=generator))
    return theta


def touched(slot: Slot, gradient: torch.Tensor) -> list[bool]:
    """Which copies of a slot a gradient reaches in any row."""
    return gradient.view(len(gradient), len(slot.copies), -1).ne(0).any(dim=2).any(dim=0).tolist()
