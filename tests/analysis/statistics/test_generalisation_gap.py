"""Onset, relative losses and the gap at a training loss, by their definitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.generalisation_gap import gap_at, onset, relative_losses


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([1.0, 0.5, 0.4, 0.6, 0.7], 2.0),
        ([1.0, 0.5, 0.6, 0.4, 0.7], 3.0),
        ([1.0, 0.5, 0.501, 0.504, 0.6], 3.0),  # within 1% of the minimum
        ([1.0, 0.5, 0.4], np.nan),
        ([1.0, 0.4, 0.6, 0.402], np.nan),
        ([0.4, 0.5, 0.6], 0.0),
        ([], np.nan),
        ([np.nan, np.nan], np.nan),
    ],
)
def test_onset_is_the_last_epoch_near_the_minimum(curve: list[float], expected: float) -> None:
    assert onset(np.array(curve)) == pytest.approx(expected, nan_ok=True)


def test_each_loss_is_divided_by_the_trivial_loss_of_its_own_split() -> None:
    row = pd.Series(
        {"train_loss": [1.0, 0.5], "validation_loss": [3.0, 1.5], "trivial_loss": 3.0, "trivial_train_loss": 2.0}
    )
    train, validation = relative_losses(row)
    assert (train.tolist(), validation.tolist()) == ([0.5, 0.25], [1.0, 0.5])
    older = relative_losses(row.drop("trivial_train_loss").reindex(row.index))
    assert older[0] == pytest.approx([1 / 3, 1 / 6])


@pytest.mark.parametrize(
    ("reached", "gap"), [(1.2, 0.0), (1.0, 0.0), (0.9, 0.05), (0.8, 0.1), (0.5, 0.25), (0.2, 0.4), (0.1, np.nan)]
)
def test_the_gap_at_a_training_loss_is_read_between_epochs(reached: float, gap: float) -> None:
    found = gap_at(np.array([0.8, 0.2, 0.3]), np.array([0.1, 0.4, 0.9]), reached)
    assert found == pytest.approx(gap, nan_ok=True)
