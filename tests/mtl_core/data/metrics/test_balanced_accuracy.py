"""The mean of the classes' recalls."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import predictions, task_of, value


def test_it_is_that_of_scikit_learn() -> None:
    outputs, targets = predictions("binary", 500)
    found = metric_named("balanced_accuracy").of_all(task_of("binary", "balanced_accuracy"), outputs, targets)
    assert found == pytest.approx(balanced_accuracy_score(targets[0, 0], outputs[0, 0, 0] > 0), abs=1e-6)
    outputs, targets = predictions("multiclass", 500)
    found = metric_named("balanced_accuracy").of_all(task_of("multiclass", "balanced_accuracy"), outputs, targets)
    assert found == pytest.approx(balanced_accuracy_score(targets[0, 0], outputs[0, 0].argmax(dim=0)), abs=1e-6)


def test_a_constant_prediction_recognises_one_class() -> None:
    assert value("balanced_accuracy", "binary", [-1.0] * 4, [0.0, 0.0, 0.0, 1.0]) == 0.5
    assert value("balanced_accuracy", "multiclass", [1.0, 1.0, 1.0], [0.0, 1.0, 3.0]) == pytest.approx(1 / 3)
    assert np.isnan(value("balanced_accuracy", "binary", [1.0, -1.0], [1.0, 1.0]))
