"""Replicas that differ in everything that may differ within an array, and what two of their runs differ in."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.registry import find
from mtl_core.search_space import Range, Simplex
from mtl_core.training.fused_array import CURVES
from mtl_core.training.trainer import Outcome


def varied_replicas(recipe: Recipe, num_tasks: int, number: int) -> list[ReplicaConfig]:
    """Return replicas that differ in seed, learning rate, dropout and every tuned option of the recipe's entries.

    Args:
        recipe: says which architecture and which weighting method.
        num_tasks: number of tasks, which a hyperparameter with a weight for each task needs.
        number: of replicas.
    """
    tuned = find("sharing", recipe.sharing).tunable | find("weighting", recipe.weighting).tunable
    common = [
        {"learning_rate": 2e-3 * (1 + place % 5), "weight_decay": 1e-2, "dropout": (0.2, 0.0, 0.1)[place % 3]}
        for place in range(number)
    ]
    return [
        ReplicaConfig(
            key=f"replica {place}",
            seed=place % 4,
            hyperparameters=values | {name: value_in(range_, num_tasks, place) for name, range_ in tuned.items()},
        )
        for place, values in enumerate(common)
    ]


def value_in(range_: Range, num_tasks: int, place: int) -> Any:
    """Return a value of a range that differs from replica to replica."""
    settled = range_.sized(num_tasks) if isinstance(range_, Simplex) else range_
    return settled.at([(0.37 * (place + 1) + 0.21 * i) % 1 for i in range(settled.dimensions)])


def differences(one: Outcome, other: Outcome) -> list[str]:
    """Return the names of everything in which two runs of a replica differ, were it in the last bit; seconds apart."""
    found = [
        f"curve {name!r}" for name in CURVES if not np.array_equal(one.curves[name], other.curves[name], equal_nan=True)
    ]
    found += [
        f"state {name!r}"
        for name in one.state
        if name != "seconds" and not torch.equal(one.state[name].nan_to_num(-1), other.state[name].nan_to_num(-1))
    ]
    found += [name for name in ("selected_epoch", "status") if getattr(one, name) != getattr(other, name)]
    return found
