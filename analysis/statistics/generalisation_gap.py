"""The gap between validation and training loss of one network, by epoch and at a given training loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

ONSET = 1.01


def onset(validation: np.ndarray) -> float:
    """Return the first epoch, from 0, after which ``validation`` stays more than 1% above its minimum; NaN: none."""
    curve = np.asarray(validation, dtype=float)
    if not len(curve) or not np.isfinite(curve).any():
        return np.nan
    low = np.flatnonzero(curve <= ONSET * np.nanmin(curve))
    return float(low[-1]) if low[-1] < len(curve) - 1 else np.nan


def relative_losses(row: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return training and validation loss by epoch, each in units of the trivial predictor's loss on its split.

    Runs of earlier versions lack the trivial predictor's loss on the training split; the one on the validation split
    stands for it there.

    Args:
        row: a row of the training records, with the columns as attributes.
    """
    held_out, seen = float(row.trivial_loss), row.trivial_train_loss
    scales = [held_out if pd.isna(seen) else float(seen), held_out]
    curves = [np.asarray(curve, dtype=float) for curve in (row.train_loss, row.validation_loss)]
    train, validation = (curve / (scale if scale > 0 else np.nan) for curve, scale in zip(curves, scales, strict=True))
    return train, validation


def gap_at(train: np.ndarray, gaps: np.ndarray, reached: float) -> float:
    """Return the gap where ``train`` first falls to ``reached``, linearly between epochs; NaN where it never does.

    The curves begin at the trivial predictor before the first epoch: training loss 1 and no gap.
    """
    path, gap = np.concatenate([[1.0], train]), np.concatenate([[0.0], gaps])
    below = np.flatnonzero(path <= reached)
    if not len(below):
        return np.nan
    place = int(below[0])
    if place == 0 or not path[place - 1] > path[place]:
        return float(gap[place])
    share = (path[place - 1] - reached) / (path[place - 1] - path[place])
    return float(gap[place - 1] + share * (gap[place] - gap[place - 1]))
