"""Squared errors."""

from __future__ import annotations

import pytest
from sklearn.metrics import mean_squared_error

from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import predictions, task_of, value


def test_it_is_that_of_scikit_learn() -> None:
    outputs, targets = predictions("regression", 400)
    found = metric_named("mse").of_all(task_of("regression", "mse"), outputs, targets)
    assert found == pytest.approx(mean_squared_error(targets[0, 0], outputs[0, 0, 0]), abs=1e-6)
    assert value("mse", "regression", [3.0, 0.0], [1.0, 1.0]) == pytest.approx((4 + 1) / 2)
