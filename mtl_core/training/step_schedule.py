"""What changes from step to step of an epoch, laid out on the device before the epoch begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mtl_core.recipe import Recipe


@dataclass(frozen=True)
class StepSchedule:
    """Learning rates and counters of every step of one epoch, for r replicas.

    Args:
        epochs: number of each row's epoch for its random numbers: a search draws those after the training's.
        numbers: each row's own count of steps at every step; rows that were refilled are younger.
        progress: share of its search or training that each row has completed at every step.
        rates: learning rate of each row at every step.
        exact_rates: the same numbers in double precision.
    """

    epochs: list[int]
    numbers: Int[Tensor, "s r"]
    progress: Float[Tensor, "s r"]
    rates: Float[Tensor, "s r"]
    exact_rates: Float[Tensor, "s r"]


def schedule_of(
    recipe: Recipe, rates: Sequence[float], epochs: Sequence[int], steps: int, search: int, device: torch.device
) -> StepSchedule:
    """Return the schedule of the next epoch of every row.

    Args:
        recipe: with the number of epochs, and how the learning rate falls.
        rates: learning rate of each row at its first step.
        epochs: epochs that each row has trained; below 0 in a search.
        steps: number of steps of an epoch.
        search: number of epochs that search a structure before the training.
        device: where the steps are taken.
    """
    numbers = [epoch if epoch >= 0 else recipe.epochs + search + epoch for epoch in epochs]
    begun = torch.tensor([(epoch if epoch >= 0 else epoch + search) * steps for epoch in epochs])
    whole = torch.tensor([(recipe.epochs if epoch >= 0 else search) * steps for epoch in epochs])
    done = begun + torch.arange(steps).unsqueeze(1)
    totals, of_rows = whole.tolist(), list(rates)
    by_step = [
        [learning_rate(recipe.schedule, *phase) for phase in zip(of_rows, step, totals, strict=True)]
        for step in done.tolist()
    ]
    exact_rates = torch.tensor(by_step, dtype=torch.float64)
    return StepSchedule(
        epochs=numbers,
        numbers=(torch.tensor(numbers) * steps + torch.arange(steps).unsqueeze(1)).to(device),
        progress=(done / whole).to(device),
        rates=exact_rates.to(torch.get_default_dtype()).to(device),
        exact_rates=exact_rates.to(device),
    )


def learning_rate(kind: str, rate: float, step: int, total: int) -> float:
    """Return the learning rate at a step.

    Args:
        kind: ``constant``, or ``cosine``: rate · (1 + cos(π step/total)) / 2.
        rate: learning rate at the first step.
        step: number of the step, from 0.
        total: number of steps of the training.
    """
    return rate if kind == "constant" else rate * 0.5 * (1 + cos(pi * step / total))
