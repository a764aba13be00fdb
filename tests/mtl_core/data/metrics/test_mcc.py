"""Matthews' correlation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import matthews_corrcoef

from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import predictions, task_of, value


def test_it_is_that_of_scikit_learn() -> None:
    outputs, targets = predictions("binary", 500)
    found = metric_named("mcc").of_all(task_of("binary", "mcc"), outputs, targets)
    assert found == pytest.approx(matthews_corrcoef(targets[0, 0], outputs[0, 0, 0] > 0), abs=1e-6)
    outputs, targets = predictions("multiclass", 500)
    found = metric_named("mcc").of_all(task_of("multiclass", "mcc"), outputs, targets)
    assert found == pytest.approx(matthews_corrcoef(targets[0, 0], outputs[0, 0].argmax(dim=0)), abs=1e-6)


def test_a_constant_prediction_has_zero_and_no_influence() -> None:
    assert value("mcc", "binary", [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]) == 0.0
    assert np.isnan(value("mcc", "binary", [1.0, -1.0], [1.0, 1.0]))
    kept = torch.tensor([[1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    assert not metric_named("mcc").influence(task_of("binary", "mcc"), kept).any()
