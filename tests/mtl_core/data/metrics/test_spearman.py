"""Rank correlation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import predictions, task_of, value


def test_it_is_that_of_scipy_with_ties() -> None:
    outputs, targets = predictions("regression", 400)
    found = metric_named("spearman").of_all(task_of("regression", "spearman"), outputs.round(), targets)
    assert found == pytest.approx(spearmanr(outputs[0, 0, 0].round(), targets[0, 0])[0], abs=1e-6)


def test_only_the_order_counts() -> None:
    assert value("spearman", "regression", [1.0, 2.0, 900.0], [1.0, 2.0, 3.0]) == pytest.approx(1)
    assert value("spearman", "regression", [5.0, 5.0, 5.0], [1.0, 2.0, 3.0]) == 0.0
    assert np.isnan(value("spearman", "regression", [1.0, 2.0], [3.0, 3.0]))
    flat = torch.tensor([[5.0, 5.0, 5.0], [1.0, 2.0, 3.0]])
    assert not metric_named("spearman").influence(task_of("regression", "spearman"), flat).any()
