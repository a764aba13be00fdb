"""The ranges that every arm has."""

from __future__ import annotations

import pytest

from mtl_core.training.ranges import ranges_of


def test_the_learning_rate_suits_the_optimiser_and_the_rest_is_common() -> None:
    adamw, sgd = ranges_of("adamw"), ranges_of("sgd")
    assert list(adamw) == list(sgd) == ["learning_rate", "weight_decay", "dropout"]
    assert sgd["learning_rate"] != adamw["learning_rate"]
    assert all(sgd[name] == adamw[name] for name in ("weight_decay", "dropout"))
    with pytest.raises(KeyError):
        ranges_of("lion")
