"""Ranges of the tuned hyperparameters that every arm has, whatever its architecture and weighting method."""

from __future__ import annotations

from mtl_core.search_space import LogUniform, Range, Uniform

COMMON_RANGES: dict[str, Range] = {
    "learning_rate": LogUniform(1e-3, 3e-2),
    "weight_decay": LogUniform(1e-6, 1e-1),
    "dropout": Uniform(0.0, 0.5),
}
"""Ranges of the tuned hyperparameters that every arm has, for AdamW."""


def ranges_of(optimiser: str) -> dict[str, Range]:
    """Return the ranges of the common hyperparameters, with the learning rates of ``optimiser``, adamw or sgd."""
    rates = {"adamw": COMMON_RANGES["learning_rate"], "sgd": LogUniform(1e-2, 1.0)}
    return COMMON_RANGES | {"learning_rate": rates[optimiser]}
