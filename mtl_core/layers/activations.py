"""Element-wise activation functions whose rounding does not depend on an element's place in the array.

``sigmoid``, ``silu``, ``softplus`` and ``elu`` are left out on purpose: on a CPU their vectorised body and their scalar
tail round differently, so a replica's numbers would depend on its neighbours in the fused array.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Activation = Callable[[Tensor], Tensor]
"""An element-wise function; it may overwrite its argument."""


def identity(x: Tensor) -> Tensor:
    """Return ``x`` itself, so that the network is linear and closed forms hold."""
    return x


ACTIVATIONS: dict[str, Activation] = {
    "relu": torch.relu_,  # in place: a product's backward does not need the product
    "tanh": torch.tanh,
    "gelu": torch.nn.functional.gelu,
    "identity": identity,
}
"""The activation functions, by name."""
