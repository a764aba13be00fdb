"""Examples on the device that trains on them, one copy for all arrays of a process."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from mtl_core.data.examples import Examples

_COPIES: Any = WeakTensorKeyDictionary()
"""Copies by the tensor on the host, which are freed with it: views of a task set for single tasks share its inputs."""


def resident(examples: Examples, device: torch.device) -> Examples:
    """Return ``examples`` with inputs, targets and weights on ``device``; nothing is copied twice."""
    return replace(
        examples,
        inputs=on_device(examples.inputs, device),
        targets=on_device(examples.targets, device),
        weights=None if examples.weights is None else on_device(examples.weights, device),
    )


def on_device(values: Tensor, device: torch.device) -> Tensor:
    """Return ``values`` on ``device``: themselves, or the copy that was made when they were asked for first."""
    if values.device == device:
        return values
    copies = _COPIES.setdefault(values, {})
    if device not in copies:
        copies[device] = values.to(device)
    return copies[device]
