"""The share of classes that are predicted."""

from __future__ import annotations

import pytest
from sklearn.metrics import accuracy_score

from tests.mtl_core.data.metrics.predictions import kept_by, value


def test_it_is_that_of_scikit_learn() -> None:
    assert value("accuracy", "binary", [-1.0, 0.5, 2.0, -3.0], [0.0, 1.0, 0.0, 1.0]) == 0.5
    _, _, kept = kept_by("accuracy", "multiclass", 400)
    assert kept.shape == (1, 400)
    assert set(kept.unique().tolist()) == {0.0, 1.0}
    assert value("accuracy", "multiclass", [0.0, 1.0, 3.0], [0.0, 1.0, 2.0]) == pytest.approx(
        accuracy_score([0, 1, 2], [0, 1, 3])
    )


def test_a_logit_of_zero_is_the_first_class() -> None:
    assert value("accuracy", "binary", [0.0], [0.0]) == 1.0
