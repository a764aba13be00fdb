"""Attention equals torch's own, and a row's bits do not depend on its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from mtl_core.layers.attention import Attention
from mtl_core.layers.bank import Theta, private
from mtl_core.layers.forward_context import EVALUATION
from mtl_core.layers.parameter_layout import Layout

COPIES = private(("a", "b", "c"))


def theta_of(attention: Attention, seeds: Sequence[int]) -> Theta:
    layout = Layout(attention.slots, ("a", "b", "c"))
    return layout.theta(layout.unpack(layout.initialise(seeds)))


def transposed(value: Tensor) -> Tensor:
    return value.T if value.ndim == 2 else value


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("width", "heads", "tokens"), [(8, 2, 5), (6, 6, 1), (5, 1, 3)])
def test_it_is_what_torch_calls_multi_head_attention(width: int, heads: int, tokens: int) -> None:
    attention = Attention("attention", COPIES, width, heads)
    theta = theta_of(attention, (0, 1))
    x = torch.randn(2, 3, 4, tokens, width, requires_grad=True)
    found = attention(theta, x, EVALUATION)
    cotangent = torch.randn_like(found)
    gradients = torch.autograd.grad((found * cotangent).sum(), [x, *(theta[slot] for slot in attention.slots)])
    for row in range(2):
        for place in range(3):
            plain = nn.MultiheadAttention(width, heads, batch_first=True)
            assert plain.in_proj_bias is not None
            weights = (plain.in_proj_weight, plain.in_proj_bias, plain.out_proj.weight, plain.out_proj.bias)
            for weight, slot in zip(weights, attention.slots, strict=True):
                weight.data.copy_(transposed(theta[slot][row, place]))
            own = x.detach()[row, place].requires_grad_()
            expected = plain(own, own, own, need_weights=False)[0]
            torch.testing.assert_close(found[row, place], expected, rtol=1e-10, atol=1e-10)
            wanted = torch.autograd.grad((expected * cotangent[row, place]).sum(), [own, *weights])
            torch.testing.assert_close(gradients[0][row, place], wanted[0], rtol=1e-10, atol=1e-10)
            for gradient, other in zip(gradients[1:], wanted[1:], strict=True):
                torch.testing.assert_close(gradient[row, place], transposed(other), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("examples", [1, 7, 32])
@pytest.mark.parametrize("tokens", [2, 3, 13, 33])
@pytest.mark.parametrize(("width", "heads"), [(1, 1), (9, 3), (16, 2)])
def test_a_row_has_the_same_bits_in_any_place_of_any_array(width: int, heads: int, tokens: int, examples: int) -> None:
    attention, everyone = Attention("attention", COPIES, width, heads), range(5)
    x, cotangent = torch.randn(2, 5, 3, examples, tokens, width)

    def run(chosen: Sequence[int]) -> list[Tensor]:
        theta = theta_of(attention, chosen)
        own = x[list(chosen)].requires_grad_()
        y = attention(theta, own, EVALUATION)
        leaves = [own, *(theta[slot] for slot in attention.slots)]
        return [y, *torch.autograd.grad((y * cotangent[list(chosen)]).sum(), leaves)]

    together = run(everyone)
    for chosen in ([4, 1], [0, 1, 2], [3, 2, 1, 0]):
        for part, whole in zip(run(chosen), together, strict=True):
            assert torch.equal(part, whole[chosen])
