"""Differences between states: none is overlooked, whether numbers are finite or not."""

from __future__ import annotations

import pytest
import torch
from torch import inf, nan

from mtl_core.testing.array_states import largest_difference, whole_state
from mtl_core.testing.devices import array_on
from mtl_core.testing.small_tasks import MIXED, small_tasks
from mtl_core.training.device import CPU
from mtl_core.training.train_epoch import EpochTrainer
from tests.mtl_core.testing.test_captured import RECIPE


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ([1.0, nan, inf], [1.0, nan, inf], 0.0),
        ([1.0, nan], [1.5, nan], 1 / 3),
        ([0.1], [0.3], 0.2),
        ([1.0, nan], [1.0, 2.0], inf),
        ([inf], [-inf], inf),
        ([inf], [nan], inf),
        ([], [], 0.0),
    ],
)
def test_the_largest_difference(one: list[float], other: list[float], apart: float) -> None:
    assert largest_difference(torch.tensor(one), torch.tensor(other)) == pytest.approx(apart)


def test_a_state_holds_parameters_and_moments_of_now_and_counts_its_epochs() -> None:
    parts = array_on(RECIPE, small_tasks(MIXED, examples=48), CPU)
    trainer = EpochTrainer(parts)
    before = whole_state(parts, trainer)
    trainer.train_epoch()
    parts.count_epoch()
    now = whole_state(parts, trainer)
    assert (before["parameters"] != now["parameters"]).any()
    assert now["first_moment"].any()
    assert now["epoch"].tolist() == parts.epochs == [1, 1]
