"""The share of variance explained."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import r2_score

from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import predictions, task_of, value


def test_it_is_that_of_scikit_learn() -> None:
    outputs, targets = predictions("regression", 400)
    for shift in (0.0, 1000.0):
        found = metric_named("r2").of_all(task_of("regression", "r2"), outputs + shift, targets + shift)
        expected = r2_score((targets + shift)[0, 0].double(), (outputs + shift)[0, 0, 0].double())
        assert found == pytest.approx(expected, abs=1e-6)


def test_the_mean_explains_nothing_and_equal_labels_have_nothing_to_explain() -> None:
    assert value("r2", "regression", [2.0, 2.0], [1.0, 3.0]) == 0.0
    assert np.isnan(value("r2", "regression", [1.0, 2.0], [3.0, 3.0]))
