"""Cross entropy as a metric."""

from __future__ import annotations

import math

import pytest
from sklearn.metrics import log_loss

from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import predictions, task_of, value


def test_it_is_that_of_scikit_learn() -> None:
    outputs, targets = predictions("multiclass", 400)
    shares = outputs[0, 0].double().softmax(dim=0).T
    found = metric_named("log_loss").of_all(task_of("multiclass", "log_loss"), outputs, targets)
    assert found == pytest.approx(log_loss(targets[0, 0], shares, labels=[0, 1, 2, 3]), rel=1e-6)


def test_a_coin_costs_log_two() -> None:
    assert value("log_loss", "binary", [0.0, 0.0], [0.0, 1.0]) == pytest.approx(math.log(2))
