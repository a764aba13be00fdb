"""Everything that an array is and remembers, to be held against what another way of taking its steps comes to."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_core.network.replica_state import StackedStates
from mtl_core.training.array_parts import ArrayParts
from mtl_core.training.train_epoch import EpochTrainer


def whole_state(parts: ArrayParts, trainer: EpochTrainer) -> StackedStates:
    """Return the state of an array with its parameters and moments as they are now."""
    return parts.state | {"parameters": parts.network.layout.pack(parts.parameters)} | trainer.moments()


def largest_difference(one: Tensor, other: Tensor) -> float:
    """Return the largest difference, relative to numbers above 1; infinite where what is not finite differs."""
    one, other = one.double().cpu(), other.double().cpu()
    finite = one.isfinite() & other.isfinite()
    if not torch.allclose(one[~finite], other[~finite], rtol=0.0, atol=0.0, equal_nan=True):
        return torch.inf
    apart = (one - other).abs() / other.abs().clamp(min=1.0)
    return apart[finite].max().item() if finite.any() else 0.0
