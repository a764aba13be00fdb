"""From an example to tokens: one for each column of a table, one for each patch of an image."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Copy, Slot, Theta, constant, normal, uniform
from mtl_core.layers.forward_context import Adapter


class FeatureTokens:
    """token_j = x_j W_j + b_j: every column has a direction of its own.

    Source: Gorishniy et al., "Revisiting deep learning models for tabular data", NeurIPS 2021, section 3.3.

    Differs from the paper: nothing for numeric columns; a category arrives as one 0/1 column per value, whose token is
    b_j without it and W_j + b_j with it.

    Args:
        name: of the layer, unique in the network.
        copies: of the bank.
        columns: of the table.
        width: features of a token.
    """

    feature_axis = -1

    def __init__(self, name: str, copies: tuple[Copy, ...], columns: int, width: int) -> None:
        self.name, self.inputs, self.outputs = name, columns, width
        self.weight = Slot(f"{name}.weight", copies, (columns, width), uniform(width**-0.5, columns, width))
        self.bias = Slot(f"{name}.bias", copies, (columns, width), uniform(width**-0.5, columns, width))
        self.slots = (self.weight, self.bias)

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r c b n"], adapt: Adapter | None = None
    ) -> Float[Tensor, "r c b n d"]:
        y = x.unsqueeze(-1) * theta[self.weight].unsqueeze(2) + theta[self.bias].unsqueeze(2)
        return y if adapt is None else adapt(self, theta, x, y)

    def low_rank(self, copies: tuple[Copy, ...], rank: int) -> LowRankFeatureTokens:
        """Corrections x_j (A B)_j of rank ``rank`` to this layer, a bank of their own."""
        return LowRankFeatureTokens(self, copies, rank)


class LowRankFeatureTokens:
    """x_j (A B)_j with B = 0 at the start: the correction A B of a matrix with one row for each column.

    Source: E. Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022, section 4.1.
    """

    def __init__(self, layer: FeatureTokens, copies: tuple[Copy, ...], rank: int) -> None:
        first, second = (layer.inputs, rank), (rank, layer.outputs)
        self.down = Slot(f"{layer.name}.down", copies, first, uniform(layer.outputs**-0.5, *first))
        self.up = Slot(f"{layer.name}.up", copies, second, constant(0.0, *second))
        self.slots = (self.down, self.up)

    def __call__(self, theta: Theta, x: Float[Tensor, "r c b n"]) -> Float[Tensor, "r c b n d"]:
        down, up = theta[self.down], theta[self.up].flatten(0, 1)
        scaled = x.unsqueeze(-1) * down.unsqueeze(2)
        return scaled.reshape(len(up), -1, up.shape[1]).bmm(up).view(*x.shape, up.shape[2])


class Beginning:
    """A learned token before all others, whose final state stands for the example; for images also positions.

    Args:
        name: of the layer, unique in the network.
        copies: of the bank.
        width: features of a token.
        places: tokens of an example that are told apart by learned positions alone; 0: they need none.
    """

    def __init__(self, name: str, copies: tuple[Copy, ...], width: int, places: int = 0) -> None:
        self.first = Slot(f"{name}.cls", copies, (width,), uniform(width**-0.5, width))
        shape = (places, width)
        self.positions = Slot(f"{name}.positions", copies, shape, normal(0.02, *shape)) if places else None
        self.slots = (self.first,) if self.positions is None else (self.first, self.positions)

    def __call__(self, theta: Theta, tokens: Float[Tensor, "r c b n d"]) -> Float[Tensor, "r c b n+1 d"]:
        if self.positions is not None:
            tokens = tokens + theta[self.positions].unsqueeze(2)
        replicas, copies, examples, _, width = tokens.shape
        first = theta[self.first].view(replicas, copies, 1, 1, width).expand(-1, -1, examples, -1, -1)
        return torch.cat([first, tokens], dim=3)


def patches(images: Float[Tensor, "*b ch h w"], size: int) -> Float[Tensor, "*b n d"]:
    """Squares of ``size`` pixels a side, row by row, each as d = ch · size² numbers; zeros fill the last ones up."""
    *outer, channels, height, width = images.shape
    down, across = -(-height // size), -(-width // size)
    filled = torch.nn.functional.pad(images, (0, across * size - width, 0, down * size - height))
    squares = filled.view(-1, channels, down, size, across, size).permute(0, 2, 4, 1, 3, 5)
    return squares.reshape(*outer, down * across, channels * size * size)
