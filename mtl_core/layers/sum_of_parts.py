"""Sums over parts of a network whose last bits do not depend on the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor


def sum_of_parts(parts: Sequence[Tensor]) -> Tensor:
    """Return the sum of tensors of one shape, which are added one after the other.

    ``torch.stack(parts).sum(dim=0)`` adds five and more parts in an order that depends on how many elements a part has,
    hence on the number of rows of an array.

    Args:
        parts: one tensor or more.
    """
    return reduce(torch.add, parts)
