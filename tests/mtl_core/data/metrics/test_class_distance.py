"""Class distance: held against scikit-learn's mean absolute error of class numbers."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import mean_absolute_error

from mtl_core.data.kinds.ordinal import Ordinal
from mtl_core.data.metrics import metric_named
from mtl_core.data.task import Task
from mtl_core.testing.metrics import check_metric, some_predictions

TASK = Task("y", "ordinal", "class_distance", 4)


def test_it_is_the_mean_absolute_error_of_class_numbers() -> None:
    outputs, targets = some_predictions("ordinal", 200)
    predicted = Ordinal().predicted(outputs)[0, 0]
    found = metric_named("class_distance").of_all(TASK, outputs[:1], targets[:1])
    assert found == pytest.approx(mean_absolute_error(targets[0, 0], predicted))
    assert 0 < found < 1


def test_a_perfect_prediction_has_none() -> None:
    outputs = torch.tensor([[5.0, 1.0, 1.0], [-5.0, 1.0, 1.0]]).T[None, None]
    targets = Ordinal().predicted(outputs)
    assert metric_named("class_distance").of_all(TASK, outputs, targets) == 0.0


def test_it_keeps_what_every_metric_promises() -> None:
    check_metric("class_distance")
