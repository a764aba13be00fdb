"""Agreement of ordered classes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import predictions, task_of, value


def test_it_is_that_of_scikit_learn() -> None:
    outputs, targets = predictions("multiclass", 500)
    found = metric_named("quadratic_kappa").of_all(task_of("multiclass", "quadratic_kappa"), outputs, targets)
    expected = cohen_kappa_score(targets[0, 0], outputs[0, 0].argmax(dim=0), weights="quadratic")
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_far_error_costs_more_than_a_near_one() -> None:
    true = [0.0, 1.0, 2.0, 3.0]
    near, far = (value("quadratic_kappa", "multiclass", [0.0, 1.0, 2.0, last], true) for last in (2.0, 0.0))
    assert far < near < 1
    assert value("quadratic_kappa", "multiclass", [2.0] * 4, true) == pytest.approx(0, abs=1e-6)
    assert np.isnan(value("quadratic_kappa", "multiclass", true, [1.0] * 4))
