"""The epoch at which a curve is read."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.selection.skills import fair_skills, selected
from tests.analysis.selection.replicas import frame, replica


def test_a_curve_is_read_at_the_epoch_that_the_other_half_of_the_seeds_was_best_in() -> None:
    records = frame(
        replica("x", 0, {"a": [0.1, 0.9, 0.3], "b": [0.1, 0.5, 0.2]}),
        replica("x", 1, {"a": [0.2, 0.4, 0.8], "b": [0.2, 0.3, 0.4]}),
        replica("x", 2, {"a": [0.1, 0.2, 0.7], "b": [0.1, 0.1, 0.4]}),
        replica("x", 3, {"a": [0.9, 0.9, 0.9], "b": [0.9, 0.9, 0.9]}, status="diverged"),
    )
    others = {0: 2, 1: 1, 2: 2}  # seeds 0 and 2 are best together in epoch 1, seed 1 in epoch 2
    expected = [row["validation_skill"][others[row["seed"]]] for _, row in records.iloc[:6].iterrows()]
    assert fair_skills(records)[:6] == pytest.approx(expected)
    assert np.isnan(fair_skills(records)[6:]).all()
    assert fair_skills(records.iloc[:2]) == pytest.approx([0.9, 0.5]), "a seed alone has no other"


def test_the_choice_of_epochs_favours_no_arm() -> None:
    """Curves of nothing but noise: twelve single-task networks have twelve maxima, a shared one a single one."""
    noise, tasks = np.random.default_rng(0), [f"t{number}" for number in range(12)]
    parts = []
    for seed in range(40):
        parts += [replica("alone", seed, {task: noise.normal(0, 0.05, 30)}, sharing="single_task") for task in tasks]
        parts.append(replica("shared", seed, {task: noise.normal(0, 0.05, 30) for task in tasks}))
    records = frame(*parts)
    by_arm = records["arm"].to_numpy()
    own = selected(records, "validation_skill")
    gap, fair = (
        (skills[by_arm == "alone"].mean() - skills[by_arm == "shared"].mean()) for skills in (own, fair_skills(records))
    )
    assert gap > 0.05, "each task's own maximum favours single-task networks"
    assert abs(fair) < 0.01
