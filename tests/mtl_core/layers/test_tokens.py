"""Columns and patches become tokens as the papers write it."""

from __future__ import annotations

import pytest
import torch

from mtl_core.layers.bank import SHARED, private
from mtl_core.layers.parameter_layout import Layout
from mtl_core.layers.tokens import ClassToken, FeatureTokens, patches


def test_a_token_is_its_columns_value_times_its_direction_plus_its_bias() -> None:
    layer = FeatureTokens("tokens", private(("a", "b")), 3, 4)
    layout = Layout(layer.slots, ("a", "b"))
    theta = layout.theta(layout.unpack(layout.initialise((0, 1))))
    x = torch.randn(2, 2, 5, 3)
    tokens = layer(theta, x)
    assert tokens.shape == (2, 2, 5, 3, 4)
    for row, copy, example, column in [(0, 0, 0, 0), (1, 1, 4, 2), (0, 1, 3, 1)]:
        weight, bias = theta[layer.weight][row, copy, column], theta[layer.bias][row, copy, column]
        torch.testing.assert_close(tokens[row, copy, example, column], x[row, copy, example, column] * weight + bias)


def test_a_low_rank_correction_of_full_rank_changes_the_directions_alone() -> None:
    layer = FeatureTokens("tokens", (SHARED,), 3, 4)
    correction = layer.low_rank(private(("a", "b")), 3)
    layout = Layout((*layer.slots, *correction.slots), ("a", "b"))
    theta = dict(layout.theta(layout.unpack(layout.initialise((0, 1)))))
    x = torch.randn(2, 2, 5, 3)
    assert torch.equal(correction(theta, x), torch.zeros(2, 2, 5, 3, 4))
    theta[correction.up] = torch.randn(2, 2, 3, 4)
    product = theta[correction.down] @ theta[correction.up]
    torch.testing.assert_close(correction(theta, x), x.unsqueeze(-1) * product.unsqueeze(2))


def test_positions_tell_tokens_apart_and_the_first_one_is_learned() -> None:
    class_token = ClassToken("stage0", (SHARED,), 4, places=3)
    layout = Layout(class_token.slots, ("a",))
    theta = layout.theta(layout.unpack(layout.initialise((0, 1))))
    assert class_token.positions is not None
    tokens = torch.randn(2, 1, 5, 3, 4)
    found = class_token(theta, tokens)
    assert torch.equal(found[:, :, 2, 0], theta[class_token.first])
    assert torch.equal(found[:, :, 2, 1:], tokens[:, :, 2] + theta[class_token.positions])


@pytest.mark.parametrize(("channels", "height", "width", "size"), [(1, 4, 6, 2), (3, 5, 7, 2), (2, 3, 3, 4)])
def test_an_affine_map_of_patches_is_a_strided_convolution(channels: int, height: int, width: int, size: int) -> None:
    images = torch.randn(2, 3, channels, height, width)
    found = patches(images, size)
    filled = torch.nn.functional.pad(images, (0, -width % size, 0, -height % size)).flatten(0, 1)
    kernel = torch.randn(4, channels, size, size)
    expected = torch.nn.functional.conv2d(filled, kernel, stride=size).flatten(2).transpose(1, 2)
    assert found.shape == (2, 3, expected.shape[1], channels * size * size)
    torch.testing.assert_close(found.flatten(0, 1) @ kernel.flatten(1).T, expected)
