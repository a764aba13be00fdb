"""Replicas of the real engine, one of which diverges."""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from mtl_core.recipe import Recipe
from mtl_core.testing.replicas import differences, varied_replicas
from mtl_core.testing.small_tasks import MIXED, small_tasks
from mtl_core.training.trainer import fit
from tests.faults.trial import FINISHED, Trial

NUMBER = 5


def neighbours_of(place: int, rate: float | None = None, parameter: float | None = None) -> Trial:
    """Train five replicas, then again with one that is spoilt after an epoch; compare the others.

    Args:
        place: of the replica that is spoilt.
        rate: its learning rate from then on; ``None``: as before.
        parameter: value of all its parameters; ``None``: as before.
    """
    torch.set_num_threads(1)
    begun, data = time.monotonic(), small_tasks(MIXED)
    recipe = Recipe(sharing="hard", depth=1, stages=2, width=8, epochs=4)
    rows = varied_replicas(recipe, len(data.tasks), NUMBER)
    sick, alone = rows[place], fit(recipe, data, rows)
    states = {outcome.key: outcome.state for outcome in fit(recipe, data, rows, until=1)}
    if rate is not None:
        sick = replace(sick, hyperparameters={**sick.hyperparameters, "learning_rate": rate})
    if parameter is not None:
        state = states[sick.key]
        states[sick.key] = state | {"parameters": torch.full_like(state["parameters"], parameter)}
    beside = fit(recipe, data, [*rows[:place], sick, *rows[place + 1 :]], states=states)
    differing = [
        one.key
        for number, (one, other) in enumerate(zip(alone, beside, strict=True))
        if number != place and differences(one, other)
    ]
    diverged = beside[place].status == "diverged" and bool(beside[place].reason)
    wrong = f"other bits: {', '.join(differing)}" if differing else ""
    return Trial(FINISHED, int(diverged), time.monotonic() - begun, different=wrong)
