"""Element-wise non-linearities whose bits do not depend on where in an array an element stands.

``sigmoid``, ``silu``, ``softplus`` and ``elu`` are left out on purpose: on a CPU their vectorised body and their scalar
tail round differently, so a replica's numbers would depend on its neighbours in the fused array.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Activation = Callable[[Tensor], Tensor]


def identity(x: Tensor) -> Tensor:
    """No non-linearity: a linear network, for closed forms."""
    return x


ACTIVATIONS: dict[str, Activation] = {
    "relu": torch.relu_,  # in place: a product's backward does not need the product
    "tanh": torch.tanh,
    "gelu": torch.nn.functional.gelu,
    "identity": identity,
}
