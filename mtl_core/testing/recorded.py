"""What a step on a CPU promises to its program: that the program trains what the step would have, bit for bit."""

from __future__ import annotations

import torch

from mtl_core.data.task_set import Development
from mtl_core.network.replica_state import StackedStates
from mtl_core.recipe import Recipe
from mtl_core.testing.array_states import count_epoch, largest_difference, whole_state
from mtl_core.testing.devices import array_on
from mtl_core.training.device import CPU
from mtl_core.training.train_epoch import EpochTrainer

_STEPS = 8
"""Steps that are compared at least: one as usual, two that are recorded, and those of the program."""
_NEVER = 10**9


def check_recorded(recipe: Recipe, data: Development, steps: int = _STEPS) -> str:
    """Train two replicas step by step and by the program of a step, and compare everything that they are and remember.

    Args:
        recipe: what both have in common.
        data: the pool.
        steps: that each takes at least.

    Returns:
        why there is no program; empty: there is one.

    Raises:
        AssertionError: when a number differs.
    """
    expected, _ = _trained(recipe, data, steps, _NEVER)
    found, trainer = _trained(recipe, data, steps, 1)
    for name, value in expected.items():
        apart = largest_difference(found[name], value)
        assert apart == 0.0, f"{name} differs by {apart:.3g}"
    if trainer.recorded is None:
        return "code of the user's own"
    if not (trainer.recorded.has_program or trainer.recorded.why_not):
        return "no step trained every task"
    return trainer.recorded.why_not


def _trained(recipe: Recipe, data: Development, steps: int, usual_steps: int) -> tuple[StackedStates, EpochTrainer]:
    """All states after a few epochs, and the mean weights of the tasks in the last one."""
    parts = array_on(recipe, data, CPU)
    trainer = EpochTrainer(parts, usual_steps=usual_steps)
    taken, weights = 0, torch.empty(0)
    while taken < steps:
        taken += trainer.steps
        weights = trainer.train_epoch()
        count_epoch(parts)
    return whole_state(parts, trainer) | {"weights": weights}, trainer
