"""Constant tensors that a computation needs on whatever device it runs on."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class FixedTensor:
    """A tensor that never changes, copied once to every device and data type that it is used with.

    A step that made such a tensor anew would copy it from the host every time, which a GPU has to wait for.

    Args:
        values: the tensor, or nested lists of numbers.
        dtype: data type of the tensor; ``None``: as torch chooses for ``values``.
    """

    def __init__(self, values: Any, dtype: torch.dtype | None = None) -> None:
        self.values = torch.as_tensor(values, dtype=dtype)
        self._copies: dict[tuple[torch.device, torch.dtype], Tensor] = {}

    def at(self, device: torch.device) -> Tensor:
        """Return the tensor on ``device``."""
        return self._copy(device, self.values.dtype)

    def like(self, other: Tensor) -> Tensor:
        """Return the tensor on the device and in the data type of ``other``."""
        return self._copy(other.device, other.dtype)

    def _copy(self, device: torch.device, dtype: torch.dtype) -> Tensor:
        if (device, dtype) not in self._copies:
            self._copies[device, dtype] = self.values.to(device=device, dtype=dtype)
        return self._copies[device, dtype]
