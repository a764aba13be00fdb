"""Batch normalisation with separate statistics for each replica and copy."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import batch_norm

from mtl_core.layers.bank import Copy, Slot, Theta, constant


class BatchNorm:
    """Batch normalisation, a bank: y = (x − mean) / √(variance + 1e−5) · gain + shift, for every channel.

    In training, mean and variance are those of the copy's examples and positions; where a copy is shared and tasks have
    inputs of their own, those of all tasks' examples together.  In evaluation they are running averages, buffers of the
    bank that a training pass updates in place: new average = 0.9 · old average + 0.1 · the batch's mean or (unbiased)
    variance.

    Source: Ioffe & Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift", ICML 2015, algorithms 1 and 2.

    Differs from the paper: evaluation takes running averages, as in PyTorch, instead of averages over batches that are
    passed once more after training.

    Args:
        name: name of the layer, unique in the network.
        copies: copies of the layer in the bank.
        channels: number of channels.
    """

    def __init__(self, name: str, copies: tuple[Copy, ...], channels: int) -> None:
        zeros, ones = constant(0.0, channels), constant(1.0, channels)
        self.gain = Slot(f"{name}.gain", copies, (channels,), ones)
        self.shift = Slot(f"{name}.shift", copies, (channels,), zeros)
        self.mean = Slot(f"{name}.mean", copies, (channels,), zeros, trained=False)
        self.variance = Slot(f"{name}.variance", copies, (channels,), ones, trained=False)
        self.slots = (self.gain, self.shift, self.mean, self.variance)

    def __call__(self, theta: Theta, x: Float[Tensor, "r c b d h w"], training: bool) -> Float[Tensor, "r c b d h w"]:
        maps = x.movedim(2, 0)  # the memory order that convolutions return, so nothing is copied
        normal = batch_norm(
            maps.flatten(1, 3),  # the copies' channels are those of one norm
            theta[self.mean].view(-1),  # a view, to be written to
            theta[self.variance].view(-1),
            theta[self.gain].flatten(),
            theta[self.shift].flatten(),
            training,
        )
        return normal.view(maps.shape).movedim(0, 2)
