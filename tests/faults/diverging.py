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


def neighbours_of(rate: float, place: int) -> Trial:
    """Train five replicas, then again with a learning rate of ``rate`` for the one at ``place``; compare the others."""
    torch.set_num_threads(1)
    begun, data = time.monotonic(), small_tasks(MIXED)
    recipe = Recipe(sharing="hard", depth=1, stages=2, width=8, epochs=4)
    rows = varied_replicas(recipe, len(data.tasks), NUMBER)
    sick = replace(rows[place], hyperparameters={**rows[place].hyperparameters, "learning_rate": rate})
    alone = fit(recipe, data, rows)
    beside = fit(recipe, data, [*rows[:place], sick, *rows[place + 1 :]])
    differing = [
        one.key
        for number, (one, other) in enumerate(zip(alone, beside, strict=True))
        if number != place and differences(one, other)
    ]
    diverged = beside[place].status == "diverged" and bool(beside[place].reason)
    wrong = f"other bits: {', '.join(differing)}" if differing else ""
    return Trial(FINISHED, int(diverged), time.monotonic() - begun, different=wrong)
