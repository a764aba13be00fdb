"""What steps and evaluations on a CPU promise to their programs: that these do the same, bit for bit."""

from __future__ import annotations

import torch

from mtl_core.data.task_set import Development
from mtl_core.network.replica_state import StackedStates
from mtl_core.recipe import Recipe
from mtl_core.testing.array_states import largest_difference, whole_state
from mtl_core.testing.devices import array_on
from mtl_core.training.device import CPU
from mtl_core.training.model_selection import ModelSelection
from mtl_core.training.recorded_steps.recorded_evaluation import RecordedEvaluation
from mtl_core.training.train_epoch import EpochTrainer

_STEPS = 8
"""Steps that are compared at least: one as usual, two that are recorded, and those of the program."""
_NEVER = 10**9


def check_recorded(recipe: Recipe, data: Development, steps: int = _STEPS) -> str:
    """Train two replicas as usual and by programs, and compare everything that they are and remember.

    Programs are compared twice: when two recordings have agreed, and in an array that finds the programs known.

    Args:
        recipe: what both have in common.
        data: the pool.
        steps: that each takes at least.

    Returns:
        why there is no program of a step; empty: there is one.

    Raises:
        AssertionError: when a number differs, or when an evaluation has no program.
    """
    expected, _ = _trained(recipe, data, steps, _NEVER, _NEVER)
    found, trainer = _trained(recipe, data, steps, 1, 0)
    again, _ = _trained(recipe, data, steps, None, None)
    for name, value in expected.items():
        apart = max(largest_difference(one[name], value) for one in (found, again))
        assert apart == 0.0, f"{name} differs by {apart:.3g}"
    if trainer.recorded is None:
        return "code of the user's own"
    if not (trainer.recorded.has_program or trainer.recorded.why_not):
        return "no step trained every task"
    return trainer.recorded.why_not


def _trained(
    recipe: Recipe, data: Development, steps: int, usual_steps: int | None, usual_evaluations: int | None
) -> tuple[StackedStates, EpochTrainer]:
    """All states after a few epochs, and the mean weights of the tasks in the last one."""
    parts = array_on(recipe, data, CPU)
    trainer, selection = EpochTrainer(parts, usual_steps=usual_steps), ModelSelection(parts, usual_evaluations)
    taken, weights = 0, torch.empty(0)
    while taken < steps:
        taken += trainer.steps
        weights = trainer.train_epoch()
        selection.after_epoch(weights)
        parts.count_epoch()
    for evaluation in (selection.of_training, selection.of_validation):
        if isinstance(evaluation, RecordedEvaluation) and usual_evaluations != _NEVER:
            assert not evaluation.why_not, f"an evaluation has no program: {evaluation.why_not}"
    return whole_state(parts, trainer) | {"weights": weights}, trainer
