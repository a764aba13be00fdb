"""The deviance of counts."""

from __future__ import annotations

import pytest
from sklearn.metrics import mean_poisson_deviance

from mtl_core.data.metrics import metric_named
from mtl_core.data.metrics.poisson_deviance import LEAST
from tests.mtl_core.data.metrics.predictions import predictions, task_of, value


def test_it_is_that_of_scikit_learn() -> None:
    outputs, targets = predictions("regression", 400)
    found = metric_named("poisson_deviance").of_all(task_of("regression", "poisson_deviance"), outputs, targets)
    expected = mean_poisson_deviance(targets[0, 0].double(), outputs[0, 0, 0].double().clamp(min=LEAST))
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_prediction_below_zero_stands_for_the_least_mean() -> None:
    negative, least = (value("poisson_deviance", "regression", [mean], [2.0]) for mean in (-5.0, LEAST))
    assert negative == least < 50
    assert value("poisson_deviance", "regression", [LEAST], [0.0]) == pytest.approx(2 * LEAST)
