"""Element-wise functions that round alike wherever an element stands: what bit-identical rows rest on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mtl_core.layers.activations import ACTIVATIONS

Function = Callable[[Tensor], Tensor]
OTHERS: dict[str, Function] = {  # what losses, weighting methods, norms and optimisers use besides
    "exp": torch.exp,
    "expm1": torch.expm1,
    "sqrt": lambda x: x.abs().sqrt(),
    "log_softmax": lambda x: x.log_softmax(dim=-2),
    "layer_norm": lambda x: torch.nn.functional.layer_norm(x, x.shape[-1:]),
}


def with_gradient(function: Function, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    leaf = x.clone().requires_grad_()
    y = function(leaf * 1)
    (gradient,) = torch.autograd.grad((y * weights).sum(), leaf)
    return y.detach(), gradient


@pytest.mark.parametrize("shape", [(31, 9), (7, 17), (1, 1), (3, 5), (32, 16)], ids=str)
@pytest.mark.parametrize("name", [*ACTIVATIONS, *OTHERS])
def test_bits_do_not_depend_on_the_place_in_the_array(name: str, shape: tuple[int, int]) -> None:
    function, generator = (ACTIVATIONS | OTHERS)[name], torch.Generator().manual_seed(0)
    x, weights = (2 * torch.randn(7, 3, *shape, generator=generator) for _ in range(2))
    together = with_gradient(function, x, weights)
    for row in range(7):
        alone = with_gradient(function, x[row : row + 1], weights[row : row + 1])
        for one, all_ in zip(alone, together, strict=True):
            assert torch.equal(one[0], all_[row])


@pytest.mark.parametrize("name", ["sigmoid", "silu", "softplus", "elu"])
def test_what_was_left_out_is_still_missing(name: str) -> None:
    """Their vectorised body and scalar tail round differently on some CPUs."""
    assert name not in ACTIVATIONS


def test_values() -> None:
    x = torch.tensor([-1.0, 0.0, 2.0])
    expected = {"relu": [0.0, 0.0, 2.0], "tanh": [-0.761594, 0.0, 0.964028], "gelu": [-0.158655, 0.0, 1.954500]}
    for name, values in (expected | {"identity": x.tolist()}).items():
        assert ACTIVATIONS[name](x.clone()).tolist() == pytest.approx(values, abs=1e-6)
