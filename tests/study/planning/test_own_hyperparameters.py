"""A method's own hyperparameters may be drawn without harm: tuned, it is not worse than at its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import t

from mtl_core.data.task_set import Development
from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.registry import entries, find
from mtl_core.training.trainer import fit
from study.config.sections import Tuning
from study.planning.arm import Arm
from study.planning.draws import COMMON, Draws

SETS: dict[str, dict[str, Any]] = {"multidigits": {"num_examples": 600}, "digits3": {}}
OWN = [
    (kind, name, task_set)
    for kind in ("weighting", "sharing")
    for name, entry in entries(kind).items()
    if entry.tuned
    for task_set in SETS
]
DRAWS, SEARCH_SEEDS, FRESH_SEEDS = 4, range(3), range(100, 108)
COMMON_VALUES = {"learning_rate": 1e-2, "weight_decay": 1e-4, "dropout": 0.1}
"""The same in every draw, so that a method's own hyperparameters are all that differs."""


@cache
def development(task_set: str) -> Development:
    return find("tasks", task_set).cls(**SETS[task_set]).build().development


def skills(recipe: Recipe, data: Development, values: Mapping[str, Any], seeds: range) -> np.ndarray:
    """The best mean validation skill of each seed, in points; 0, a constant prediction's, where training diverged."""
    rows = [ReplicaConfig(f"{seed}", seed, {**values, **COMMON_VALUES}) for seed in seeds]
    return np.array([max(100 * outcome.state["best_skill"].item(), 0.0) for outcome in fit(recipe, data, rows)])


def recipe_of(kind: str, name: str) -> Recipe:
    parts = {"sharing": "hard", "weighting": "equal", kind: name}
    depth = 2 if find("sharing", parts["sharing"]).cls.uses_depth else None
    return Recipe(depth=depth, stages=2, width=16, epochs=12, batch_size=32, **parts)


def draws_of(kind: str, name: str, recipe: Recipe, num_tasks: int) -> list[dict[str, Any]]:
    """A study's draws of the method's own hyperparameters."""
    arm = Arm(recipe.sharing, recipe.depth, 2, 16, weighting=recipe.weighting)
    drawn = Draws(Tuning(draws=DRAWS), num_tasks)
    return [
        {option: value for option, value in drawn.of(arm, draw).items() if option not in COMMON}
        for draw in range(DRAWS)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name", "task_set"), OWN)
def test_a_tuned_method_is_not_worse_than_at_its_defaults(kind: str, name: str, task_set: str) -> None:
    """The draw that does best in a search is compared with the defaults on fresh seeds.

    One-sided intervals at 95% hold jointly over all methods and sets.
    """
    recipe, data = recipe_of(kind, name), development(task_set)
    if reason := why_infeasible(recipe, data):
        pytest.skip(reason)
    draws = draws_of(kind, name, recipe, len(data.tasks))
    found = [skills(recipe, data, values, SEARCH_SEEDS).mean() for values in draws]
    chosen = int(np.argmax(found))
    if all(draws[chosen][option] == find(kind, name).options[option].default for option in draws[chosen]):
        return
    tuned, usual = (skills(recipe, data, values, FRESH_SEEDS) for values in (draws[chosen], {}))
    gain = tuned - usual
    half = t.ppf(1 - 0.05 / len(OWN), len(gain) - 1) * gain.std(ddof=1) / np.sqrt(len(gain))
    message = f"{name} on {task_set}: draw {chosen}, {draws[chosen]}, gains {gain.mean():.2f} ± {half:.2f} on defaults"
    assert gain.mean() + half >= 0, message
