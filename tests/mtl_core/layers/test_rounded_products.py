"""Products of rounded factors: those of float64 to rounding in float32, forward and backward, on every path."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mtl_core.layers.bank import SHARED, private
from mtl_core.layers.conv import Convolution, convolve
from mtl_core.layers.head_product import class_major
from mtl_core.layers.linear import Linear
from mtl_core.layers.matrix_products import affine
from mtl_core.layers.precision import products_in
from mtl_core.layers.rounded_products import product, rounded_convolution, rounded_product

Map = Callable[..., Tensor]


def rounded(x: Tensor) -> Tensor:
    """The value rounded to bfloat16 by integers: half of the last kept bit is added and 16 bits are cut off."""
    bits = x.detach().float().view(torch.int32)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & ~0xFFFF
    return bits.view(torch.float32).to(x.dtype)


def straight(x: Tensor) -> Tensor:
    """The rounded value, with the gradient of x itself."""
    return x + (rounded(x) - x).detach()


def of_rounded(operation: Map) -> Map:
    """The operation on two rounded factors, whose gradient is rounded before it goes back."""

    def apply(a: Tensor, b: Tensor) -> Tensor:
        y = operation(straight(a), straight(b))
        y.register_hook(rounded)  # type: ignore[no-untyped-call]
        return y

    return apply


def drawn(*shapes: Sequence[int], dtype: torch.dtype = torch.float32) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(*shape, generator=generator).to(dtype).requires_grad_() for shape in shapes]


def with_gradients(operation: Map, operands: Sequence[Tensor]) -> list[Tensor]:
    y = operation(*operands)
    seen = torch.arange(y.numel(), dtype=y.dtype).cos().view(y.shape)
    return [y.detach(), *torch.autograd.grad(y, operands, seen)]


def in_bf16(operation: Map) -> Map:
    def apply(*operands: Tensor) -> Tensor:
        with products_in("bf16"):
            return operation(*operands)

    return apply


MAPS: dict[str, tuple[Map, Map, list[tuple[int, ...]]]] = {
    "product": (product, of_rounded(torch.bmm), [(3, 17, 40), (3, 40, 9)]),
    "affine": (affine, lambda b, x, w: b + of_rounded(torch.bmm)(x, w), [(3, 1, 9), (3, 17, 40), (3, 40, 9)]),
    "one input for all heads": (
        class_major,
        lambda b, w, x: b[..., None] + of_rounded(torch.matmul)(w, x.mT),
        [(3, 2, 5), (3, 2, 5, 40), (3, 1, 17, 40)],
    ),
    "an input for every head": (
        class_major,
        lambda b, w, x: b[..., None] + of_rounded(torch.matmul)(w, x.mT),
        [(3, 2, 5), (3, 2, 5, 40), (3, 2, 17, 40)],
    ),
    "one head for all inputs": (
        class_major,
        lambda b, w, x: b[..., None] + of_rounded(torch.matmul)(w, x.mT),
        [(3, 1, 5), (3, 1, 5, 40), (3, 2, 17, 40)],
    ),
}


@pytest.mark.parametrize("name", MAPS)
def test_products_are_those_of_rounded_factors(name: str) -> None:
    """In float64 to its last digits, and in float32 to rounding of the sums."""
    operation, plain, shapes = MAPS[name]
    exact = with_gradients(plain, drawn(*shapes, dtype=torch.float64))
    for found, expected in zip(
        with_gradients(in_bf16(operation), drawn(*shapes, dtype=torch.float64)), exact, strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    for found, expected in zip(with_gradients(in_bf16(operation), drawn(*shapes)), exact, strict=True):
        torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)
    outside = operation(*drawn(*shapes)).double()
    assert 1e-4 < (outside - exact[0]).norm() / exact[0].norm() < 1e-2, "outside of the block nothing is rounded"


CONVOLUTIONS = [(1, 16, 3, 1), (3, 8, 3, 2), (8, 8, 3, 1), (16, 8, 1, 2), (8, 64, 3, 1)]


@pytest.mark.parametrize(("inputs", "outputs", "kernel", "stride"), CONVOLUTIONS)
@pytest.mark.parametrize("biased", [True, False])
def test_convolutions_are_those_of_rounded_factors(
    inputs: int, outputs: int, kernel: int, stride: int, biased: bool
) -> None:
    """One by one and as groups of one convolution."""
    shapes = [(3, 2, 5, inputs, 5, 8), (3, 2, outputs, inputs, kernel, kernel), (3, 2, outputs)][: 2 + biased]

    def mine(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        with products_in("bf16"):
            return convolve(x, weight, bias, stride)

    def plain(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        one = of_rounded(lambda a, b: functional.conv2d(a, b, None, stride, kernel // 2))
        y = torch.stack([one(x[r, c], weight[r, c]) for r in range(3) for c in range(2)]).unflatten(0, (3, 2))
        return y if bias is None else y + bias[:, :, None, :, None, None]

    exact = with_gradients(plain, drawn(*shapes, dtype=torch.float64))
    for found, expected in zip(with_gradients(mine, drawn(*shapes, dtype=torch.float64)), exact, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-11)
    for found, expected in zip(with_gradients(mine, drawn(*shapes)), exact, strict=True):
        torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=3e-5)


def errors(found: Sequence[Tensor], exact: Sequence[Tensor]) -> list[float]:
    return [float((one.double() - other).norm() / other.norm()) for one, other in zip(found, exact, strict=True)]


def test_errors_are_at_most_those_of_torch_autocast() -> None:
    """Automatic casts round the same factors, and results beside them."""
    shapes = [(4, 64, 48), (4, 48, 80)]
    exact = with_gradients(torch.bmm, drawn(*shapes, dtype=torch.float64))
    mine = errors(with_gradients(rounded_product, drawn(*shapes)), exact)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = errors(with_gradients(lambda a, b: torch.bmm(a, b).float(), drawn(*shapes)), exact)
    shapes = [(6, 8, 9, 7), (16, 8, 3, 3)]
    exact = with_gradients(lambda x, w: functional.conv2d(x, w, padding=1), drawn(*shapes, dtype=torch.float64))
    mine += errors(with_gradients(lambda x, w: rounded_convolution(x, w, 1), drawn(*shapes)), exact)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        plain = with_gradients(lambda x, w: functional.conv2d(x, w, padding=1).float(), drawn(*shapes))
        cast += errors(plain, exact)
    for own, of_autocast in zip(mine, cast, strict=True):
        assert 1e-4 < own <= of_autocast < 6e-3


def test_gradients_lie_in_memory_as_their_factors_do() -> None:
    """The gradient of a transposed factor is transposed as well, so that of what was transposed is contiguous."""
    weight, h = drawn((3, 5, 40), (3, 17, 40))
    _, of_weight, of_h = with_gradients(lambda w, x: rounded_product(w, x.mT), [weight, h])
    assert of_weight.is_contiguous()
    assert of_h.is_contiguous()


def test_a_factor_that_needs_no_gradient_gets_none() -> None:
    x, weight = drawn((2, 4, 6), (2, 6, 3))
    for fixed, other in ((x, weight), (weight, x)):
        fixed.requires_grad_(False)
        assert torch.autograd.grad(rounded_product(x, weight).sum(), other)[0].shape == other.shape
        fixed.requires_grad_(True)
    image, kernel = drawn((2, 3, 6, 6), (4, 3, 3, 3))
    image.requires_grad_(False)
    assert torch.autograd.grad(rounded_convolution(image, kernel, 1).sum(), kernel)[0].shape == kernel.shape


def test_the_gradient_rounds_outside_of_the_block_as_well() -> None:
    """PyTorch goes back through a network outside of its pass, on a GPU in another thread."""
    operands = drawn((3, 17, 40), (3, 40, 9))
    y = in_bf16(product)(*operands)
    seen = torch.full_like(y, 1 + 2**-12)  # which bfloat16 does not tell from 1
    found = torch.autograd.grad(y, operands, seen, retain_graph=True)
    for one, other in zip(found, torch.autograd.grad(y, operands, torch.ones_like(y)), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("part", [slice(0, 2), slice(3, 6), slice(10, 11), slice(17, 40)])
@pytest.mark.parametrize("size", [(64, 48, 80), (31, 130, 70), (64, 64, 10)])
def test_the_bits_of_a_product_do_not_depend_on_the_batch(size: tuple[int, int, int], part: slice) -> None:
    rows, inner, columns = size
    x, weight = drawn((40, rows, inner), (40, inner, columns))
    whole = with_gradients(rounded_product, [x, weight])
    y = rounded_product(x[part], weight[part])
    seen = torch.arange(whole[0].numel(), dtype=y.dtype).cos().view(whole[0].shape)[part]
    some = [y, *torch.autograd.grad(y, [x, weight], seen)]
    assert torch.equal(some[0], whole[0][part])
    for one, other in zip(some[1:], whole[1:], strict=True):
        assert torch.equal(one[part], other[part])


def test_another_device_multiplies_bfloat16_and_gives_float32() -> None:
    x, weight = (one.to("meta") for one in drawn((3, 17, 40), (3, 40, 9)))
    assert rounded_product(x, weight).dtype is torch.float32
    image, kernel = (one.to("meta") for one in drawn((2, 3, 6, 6), (4, 3, 3, 3)))
    assert rounded_convolution(image, kernel, 2).shape == (2, 4, 3, 3)


def test_an_activation_may_work_in_place_on_a_rounded_layer() -> None:
    layer, conv = Linear("a", private(["one", "two"]), 6, 4), Convolution("b", (SHARED,), 2, 3)
    for one, shape in ((layer, (2, 2, 5, 6)), (conv, (2, 1, 5, 2, 4, 4))):
        theta = {slot: drawn((2, len(slot.copies), *slot.shape))[0] for slot in one.slots}
        with products_in("bf16"):
            y = layer(theta, torch.ones(shape), torch.relu_) if one is layer else conv(theta, torch.ones(shape)).relu()
        assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(y.sum(), list(theta.values())))
