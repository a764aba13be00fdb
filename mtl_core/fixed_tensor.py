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
        self._given, self._dtype = values, dtype
        self._kept: dict[tuple[torch.device, torch.dtype] | None, Tensor] = {}
        self._keep(None, torch.as_tensor(values, dtype=dtype))

    @property
    def values(self) -> Tensor:
        """The tensor on the device that it was given on."""
        known = self._kept.get(None)
        return self._keep(None, torch.as_tensor(self._given, dtype=self._dtype)) if known is None else known

    def at(self, device: torch.device) -> Tensor:
        """Return the tensor on ``device``."""
        return self._copy(device, self.values.dtype)

    def like(self, other: Tensor) -> Tensor:
        """Return the tensor on the device and in the data type of ``other``."""
        return self._copy(other.device, other.dtype)

    def _copy(self, device: torch.device, dtype: torch.dtype) -> Tensor:
        known = self._kept.get((device, dtype))
        return self._keep((device, dtype), self.values.to(device=device, dtype=dtype)) if known is None else known

    def _keep(self, key: tuple[torch.device, torch.dtype] | None, made: Tensor) -> Tensor:
        """Keep a tensor that has numbers; while PyTorch traces a network, one without numbers is made in its place."""
        if type(made) is Tensor:
            self._kept[key] = made
        return made
