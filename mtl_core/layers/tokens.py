"""Tokens of an example: one for each column of a table or one for each patch of an image."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Copy, Slot, Theta, constant, normal, uniform
from mtl_core.layers.forward_context import Adapter
from mtl_core.layers.rounded_products import product


class FeatureTokens:
    """Feature tokeniser, a bank: token_j = x_j W_j + b_j for column j of a table.

    Source: Gorishniy et al., "Revisiting deep learning models for tabular data", NeurIPS 2021, section 3.3.

    Differs from the paper: nothing for numeric columns; a category arrives as one 0/1 column per value, whose token is
    b_j without it and W_j + b_j with it.

    Args:
        name: name of the layer, unique in the network.
        copies: copies of the layer in the bank.
        columns: number of columns of the table.
        width: number of features of a token.
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
        """Return a bank of corrections x_j (A B)_j of rank ``rank`` to this layer, or of full rank where it is less."""
        return LowRankFeatureTokens(self, copies, rank)


class LowRankFeatureTokens:
    """Low-rank correction x_j (A B)_j to a feature tokeniser, a bank; B = 0 at the start.

    A B is a correction of the matrix W that has one row for each column of the table.

    Source: E. Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022, section 4.1.

    Args:
        layer: the feature tokeniser to correct.
        copies: copies of the correction in the bank.
        rank: number of columns of A; a table with fewer columns, or a narrower token, takes that number instead.
    """

    def __init__(self, layer: FeatureTokens, copies: tuple[Copy, ...], rank: int) -> None:
        self.rank = min(rank, layer.inputs, layer.outputs)
        first, second = (layer.inputs, self.rank), (self.rank, layer.outputs)
        self.down = Slot(f"{layer.name}.down", copies, first, uniform(layer.outputs**-0.5, *first))
        self.up = Slot(f"{layer.name}.up", copies, second, constant(0.0, *second))
        self.slots = (self.down, self.up)

    def __call__(self, theta: Theta, x: Float[Tensor, "r c b n"]) -> Float[Tensor, "r c b n d"]:
        down, up = theta[self.down], theta[self.up].flatten(0, 1)
        scaled = x.unsqueeze(-1) * down.unsqueeze(2)
        return product(scaled.reshape(len(up), -1, up.shape[1]), up).view(*x.shape, up.shape[2])


class ClassToken:
    """Class token, a bank: a learned token before all others, whose final state represents the example.

    Where tokens differ by position alone, as patches of images do, learned position embeddings are added to them.

    Args:
        name: name of the layer, unique in the network.
        copies: copies of the layer in the bank.
        width: number of features of a token.
        places: number of tokens of an example that get a position embedding; 0: none does.
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
    """Return the square patches of images, row by row, each flattened to d = ch · size² numbers.

    Args:
        images: the images; zeros are appended where ``size`` does not divide height or width.
        size: side of a patch in pixels.
    """
    *outer, channels, height, width = images.shape
    down, across = -(-height // size), -(-width // size)
    filled = torch.nn.functional.pad(images, (0, across * size - width, 0, down * size - height))
    squares = filled.view(-1, channels, down, size, across, size).permute(0, 2, 4, 1, 3, 5)
    return squares.reshape(*outer, down * across, channels * size * size)
