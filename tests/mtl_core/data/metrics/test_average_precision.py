"""Average precision."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import predictions, task_of, value


def test_it_is_that_of_scikit_learn_with_ties() -> None:
    outputs, targets = predictions("binary", 500)
    found = metric_named("average_precision").of_all(task_of("binary", "average_precision"), outputs, targets)
    assert found == pytest.approx(average_precision_score(targets[0, 0], outputs[0, 0, 0]), abs=1e-6)


def test_it_is_the_mean_precision_at_the_positives() -> None:
    assert value("average_precision", "binary", [3.0, 2.0, 1.0, 0.0], [1.0, 0.0, 1.0, 0.0]) == pytest.approx(
        (1 + 2 / 3) / 2
    )
    assert value("average_precision", "binary", [0.0] * 4, [1.0, 0.0, 0.0, 0.0]) == 0.25
    assert np.isnan(value("average_precision", "binary", [0.0, 1.0], [0.0, 0.0]))
