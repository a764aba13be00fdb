"""Layer normalisation with learned scale and shift, as a bank."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Copy, Slot, Theta, constant


class LayerNorm:
    """Layer normalisation, a bank: y = (x − mean) / √(variance + 1e−5) · gain + shift.

    Mean and variance are those of each example's features.

    Source: Ba, Kiros & Hinton, "Layer normalization", 2016 (arXiv:1607.06450), eq. 4.

    Args:
        name: name of the layer, unique in the network.
        copies: copies of the layer in the bank.
        features: number of features.
    """

    def __init__(self, name: str, copies: tuple[Copy, ...], features: int) -> None:
        self.gain = Slot(f"{name}.gain", copies, (features,), constant(1.0, features))
        self.shift = Slot(f"{name}.shift", copies, (features,), constant(0.0, features))
        self.slots = (self.gain, self.shift)

    def __call__(self, theta: Theta, x: Float[Tensor, "r c *b d"]) -> Float[Tensor, "r c *b d"]:
        standard = torch.nn.functional.layer_norm(x, x.shape[-1:]).flatten(2, -2)
        scaled = torch.addcmul(theta[self.shift].unsqueeze(2), standard, theta[self.gain].unsqueeze(2))
        return scaled.view(x.shape)
