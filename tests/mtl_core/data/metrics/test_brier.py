"""The squared error of predicted probabilities."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import brier_score_loss

from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import predictions, task_of


def test_it_is_that_of_scikit_learn() -> None:
    for kind in ("binary", "multiclass"):
        outputs, targets = predictions(kind, 400)
        found = metric_named("brier").of_all(task_of(kind, "brier"), outputs, targets)
        if kind == "binary":
            expected = brier_score_loss(targets[0, 0], outputs[0, 0, 0].double().sigmoid())
        else:
            shares = outputs[0, 0].double().softmax(dim=0).T
            shares = shares / shares.sum(dim=1, keepdim=True)
            expected = brier_score_loss(targets[0, 0], shares, labels=[0, 1, 2, 3], scale_by_half=False)
        assert found == pytest.approx(expected, abs=1e-6)


def test_certainty_costs_nothing_or_everything() -> None:
    outputs = torch.tensor([1e3, -1e3])[None, None, None]
    task = task_of("binary", "brier")
    assert metric_named("brier").of_all(task, outputs, torch.tensor([1.0, 0.0])[None, None]) == 0.0
    assert metric_named("brier").of_all(task, outputs, torch.tensor([0.0, 1.0])[None, None]) == 1.0
