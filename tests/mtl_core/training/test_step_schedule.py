"""Rates and counters of an epoch's steps; the learning rate at every step by the formula."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from mtl_core.recipe import Recipe
from mtl_core.training.device import CPU
from mtl_core.training.step_schedule import learning_rate, schedule_of

RECIPE = Recipe(epochs=4)


def test_schedules() -> None:
    assert [learning_rate("constant", 0.3, step, 10) for step in range(10)] == [0.3] * 10
    cosine = [learning_rate("cosine", 0.3, step, 10) for step in range(11)]
    assert cosine[0] == 0.3
    assert cosine[2] == pytest.approx(0.3 * (1 + 0.80901699) / 2)
    assert cosine[5] == pytest.approx(0.15)
    assert cosine[10] == pytest.approx(0.0)
    assert all(later < earlier for earlier, later in pairwise(cosine))


def test_every_row_has_its_own_counters_and_rates() -> None:
    """Five steps an epoch; the first row is in its first epoch, the second in its last."""
    found = schedule_of(RECIPE, [0.1, 0.2], [0, 3], 5, 0, CPU)
    assert found.epochs == [0, 3]
    assert found.numbers.tolist() == [[step, 15 + step] for step in range(5)]
    torch.testing.assert_close(found.progress[:, 1], torch.arange(15, 20) / 20)
    expected = [
        [learning_rate("cosine", 0.1, step, 20), learning_rate("cosine", 0.2, 15 + step, 20)] for step in range(5)
    ]
    assert found.exact_rates.tolist() == expected
    assert found.rates.tolist() == torch.tensor(expected).tolist()


def test_a_search_has_a_progress_of_its_own_and_numbers_after_those_of_the_training() -> None:
    """Two epochs of search before four of training: the first row is in the second one of its search."""
    found = schedule_of(RECIPE, [0.1, 0.1], [-1, 1], 5, 2, CPU)
    assert found.epochs == [5, 1]
    assert found.numbers[0].tolist() == [25, 5]
    assert found.progress[0].tolist() == [0.5, 0.25]
