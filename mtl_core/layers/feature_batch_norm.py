"""Batch normalisation of features that come last, with separate statistics for each replica and copy."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Copy, Slot, Theta, constant

_MOMENTUM, _EPSILON = 0.1, 1e-5


class FeatureBatchNorm:
    """Batch normalisation, a bank: y = (x − mean) / √(variance + 1e−5) · gain + shift, for every feature.

    In training, mean and variance are those of the copy's examples and places (or tokens); where a copy is shared and
    tasks have inputs of their own, those of all tasks' examples together.  In evaluation they are running averages,
    buffers of the bank that a training pass updates in place: new average = 0.9 · old average + 0.1 · the batch's mean
    or (unbiased) variance.  A batch of a single example has a variance of 0.

    :class:`mtl_core.layers.batch_norm.BatchNorm` does the same for channels that come before their places.  This one is
    made of plain operations, since the fused kernel rounds features of one place differently in arrays of different
    sizes, and refuses a single example.

    Source: Ioffe & Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift", ICML 2015, algorithms 1 and 2.

    Differs from the paper: evaluation takes running averages, as in PyTorch, instead of averages over batches that are
    passed once more after training.

    Args:
        name: name of the layer, unique in the network.
        copies: copies of the layer in the bank.
        features: number of features.
        signals: a copy of the statistics for each of several signals that share gain and shift; by default ``copies``.
    """

    def __init__(
        self, name: str, copies: tuple[Copy, ...], features: int, signals: tuple[Copy, ...] | None = None
    ) -> None:
        zeros, ones = constant(0.0, features), constant(1.0, features)
        self.gain = Slot(f"{name}.gain", copies, (features,), ones)
        self.shift = Slot(f"{name}.shift", copies, (features,), zeros)
        self.mean = Slot(f"{name}.mean", signals or copies, (features,), zeros, trained=False)
        self.variance = Slot(f"{name}.variance", signals or copies, (features,), ones, trained=False)
        self.slots = (self.gain, self.shift, self.mean, self.variance)

    def __call__(self, theta: Theta, x: Float[Tensor, "r c *b d"], training: bool) -> Float[Tensor, "r c *b d"]:
        flat = x.flatten(2, -2)
        mean = flat.mean(dim=2) if training else theta[self.mean]
        centred = flat - mean.unsqueeze(2)
        variance = centred.square().mean(dim=2) if training else theta[self.variance]
        if training:
            self._remember(theta, mean.detach(), variance.detach(), flat.shape[2])
        scale = theta[self.gain] / (variance + _EPSILON).sqrt()
        return torch.addcmul(theta[self.shift].unsqueeze(2), centred, scale.unsqueeze(2)).view(x.shape)

    def _remember(
        self, theta: Theta, mean: Float[Tensor, "r c d"], variance: Float[Tensor, "r c d"], examples: int
    ) -> None:
        """Update the running averages in place."""
        with torch.no_grad():
            theta[self.mean].lerp_(mean, _MOMENTUM)
            theta[self.variance].lerp_(variance * (examples / max(examples - 1, 1)), _MOMENTUM)
