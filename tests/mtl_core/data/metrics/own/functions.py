"""Metrics as users write them, right and wrong ones."""

from __future__ import annotations

import numpy as np


def pinball(targets: np.ndarray, predictions: np.ndarray) -> float:
    error = targets - predictions
    return float(np.maximum(0.75 * error, -0.25 * error).mean())


def relative(targets: np.ndarray, predictions: np.ndarray) -> float:
    return float(np.mean(np.abs(targets - predictions) / targets))


def recall(targets: np.ndarray, predictions: np.ndarray) -> float:
    positive = targets == 1
    return (predictions[positive] > 0.5).mean() if positive.any() else np.nan


def top(targets: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """A number as an array without dimensions, from the probabilities of all classes."""
    return np.asarray((predictions.argmax(axis=1) == targets).mean())


def correlation(targets: np.ndarray, predictions: np.ndarray) -> float:
    return float(np.corrcoef(targets, predictions)[0, 1]) if predictions.std() > 0 else 0.0


def one_for_each_example(targets: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    return np.abs(targets - predictions)


def text(targets: np.ndarray, predictions: np.ndarray) -> str:
    return "good"


def nan(targets: np.ndarray, predictions: np.ndarray) -> float:
    return float("nan")


def broken(targets: np.ndarray, predictions: np.ndarray) -> float:
    return targets["a"]


def without_perfect(targets: np.ndarray, predictions: np.ndarray) -> float:
    return 0.5


def blind(targets: np.ndarray, predictions: np.ndarray) -> float:
    return 1.0


def wrong_perfect(targets: np.ndarray, predictions: np.ndarray) -> float:
    return pinball(targets, predictions)


NUMBER = 3
for function, perfect in [
    (pinball, 0.0), (relative, 0.0), (recall, 1.0), (top, 1.0), (correlation, 1), (one_for_each_example, 0.0),
    (text, 1.0), (nan, 1.0), (broken, 1.0), (blind, 1.0), (wrong_perfect, 1.0),
]:  # fmt: skip
    function.perfect = perfect  # pyright: ignore[reportFunctionMemberAccess]
