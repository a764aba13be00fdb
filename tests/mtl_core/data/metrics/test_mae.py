"""Absolute errors."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import mean_absolute_error

from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import predictions, task_of, value


def test_it_is_that_of_scikit_learn() -> None:
    outputs, targets = predictions("regression", 400)
    found = metric_named("mae").of_all(task_of("regression", "mae"), outputs, targets)
    assert found == pytest.approx(mean_absolute_error(targets[0, 0], outputs[0, 0, 0]), abs=1e-6)
    assert value("mae", "regression", [3.0, 0.0], [1.0, 1.0]) == pytest.approx((2 + 1) / 2)


def test_its_best_constant_is_the_median() -> None:
    labels, mean = torch.tensor([0.0, 1.0, 10.0]), torch.tensor([11 / 3])
    assert metric_named("mae").constant(task_of("regression", "mae"), labels, mean).tolist() == [1.0]
    assert metric_named("mae").constant(task_of("regression", "mae"), labels[:0], mean).tolist() == mean.tolist()
