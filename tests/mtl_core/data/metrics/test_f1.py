"""F1 of two classes, and macro F1 of several."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import predictions, task_of, value


def test_it_is_that_of_scikit_learn() -> None:
    outputs, targets = predictions("binary", 500)
    found = metric_named("f1").of_all(task_of("binary", "f1"), outputs, targets)
    assert found == pytest.approx(f1_score(targets[0, 0], outputs[0, 0, 0] > 0), abs=1e-6)
    outputs, targets = predictions("multiclass", 500)
    found = metric_named("f1").of_all(task_of("multiclass", "f1"), outputs, targets)
    assert found == pytest.approx(f1_score(targets[0, 0], outputs[0, 0].argmax(dim=0), average="macro"), abs=1e-6)


def test_classes_without_labels_are_left_out() -> None:
    predicted, true = [0.0, 1.0, 3.0, 0.0], [0.0, 1.0, 1.0, 0.0]
    expected = f1_score(true, predicted, labels=[0, 1], average="macro")
    assert value("f1", "multiclass", predicted, true) == pytest.approx(expected)
    assert np.isnan(value("f1", "binary", [1.0, -1.0], [0.0, 0.0]))
    assert value("f1", "binary", [-1.0, -1.0], [0.0, 1.0]) == 0.0


def test_its_best_constant_is_the_second_class_of_two() -> None:
    task, for_loss = task_of("binary", "f1"), torch.tensor([-2.0])
    assert metric_named("f1").constant(task, torch.zeros(3), for_loss).item() > 0
    frequencies = torch.tensor([0.1, 0.2, 0.3, 0.4])
    assert torch.equal(
        metric_named("f1").constant(task_of("multiclass", "f1"), torch.tensor([0.0, 3, 3]), frequencies), frequencies
    )
