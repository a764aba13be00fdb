"""The root of the mean squared error."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import root_mean_squared_error

from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import predictions, task_of, value


def test_it_is_that_of_scikit_learn() -> None:
    outputs, targets = predictions("regression", 400)
    found = metric_named("rmse").of_all(task_of("regression", "rmse"), outputs, targets)
    assert found == pytest.approx(root_mean_squared_error(targets[0, 0], outputs[0, 0, 0]), abs=1e-6)
    assert value("rmse", "regression", [3.0, 0.0], [1.0, 1.0]) == pytest.approx((5 / 2) ** 0.5)


def test_perfect_predictions_have_no_influence() -> None:
    assert not metric_named("rmse").influence(task_of("regression", "rmse"), torch.zeros(1, 5)).any()


def test_a_vectors_error_is_the_mean_over_its_numbers() -> None:
    task = task_of("regression", "rmse").__class__("v", "regression", "rmse", num_targets=2)
    outputs, targets = torch.tensor([[3.0], [1.0]])[None, None], torch.tensor([[0.0], [0.0]])[None, None]
    assert metric_named("rmse").of_all(task, outputs, targets) == pytest.approx(5**0.5)
