"""Banks of convolutions: each copy is an ordinary convolution, whatever the way in which all are computed."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mtl_core.layers.bank import SHARED, Slot, Theta, private
from mtl_core.layers.conv import Convolution, convolve

SHAPES = [  # channels in and out, size of the kernel, stride: one by one, and as groups
    (1, 16, 3, 1),
    (3, 8, 3, 2),
    (8, 8, 3, 1),
    (9, 33, 3, 2),
    (16, 8, 1, 2),
    (8, 64, 3, 1),
]
every_shape = pytest.mark.parametrize(("inputs", "outputs", "kernel", "stride"), SHAPES)


def operands(inputs: int, outputs: int, kernel: int, rows: int = 3, copies: int = 2, examples: int = 5) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = (
        (rows, copies, examples, inputs, 5, 8),
        (rows, copies, outputs, inputs, kernel, kernel),
        (rows, copies, outputs),
    )
    return [torch.randn(shape, generator=generator, requires_grad=True) for shape in shapes]


def with_gradients(y: Tensor, leaves: list[Tensor]) -> list[Tensor]:
    weights = torch.arange(y[0, 0].numel(), dtype=y.dtype).view(y.shape[2:]).cos()
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), leaves)]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("biased", [True, False])
@every_shape
def test_each_copy_is_an_ordinary_convolution(
    inputs: int, outputs: int, kernel: int, stride: int, biased: bool
) -> None:
    x, weight, bias = operands(inputs, outputs, kernel)
    leaves = [x, weight, bias] if biased else [x, weight]
    found = with_gradients(convolve(x, weight, bias if biased else None, stride), leaves)
    each = [
        functional.conv2d(x[r, c], weight[r, c], bias[r, c] if biased else None, stride, kernel // 2)
        for r in range(3)
        for c in range(2)
    ]
    expected = with_gradients(torch.stack(each).unflatten(0, (3, 2)), leaves)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.usefixtures("double")
@every_shape
def test_a_signal_that_all_copies_see_need_not_be_copied(inputs: int, outputs: int, kernel: int, stride: int) -> None:
    x, weight, bias = operands(inputs, outputs, kernel)
    x = x.detach()[:, :1].requires_grad_()
    leaves = [x, weight, bias]
    found = with_gradients(convolve(x.expand(-1, 2, -1, -1, -1, -1), weight, bias, stride), leaves)
    expected = with_gradients(convolve(x.repeat(1, 2, 1, 1, 1, 1), weight, bias, stride), leaves)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("examples", [7, 31])
@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("common", [False, True])
@every_shape
def test_a_rows_bits_do_not_depend_on_its_array(
    inputs: int, outputs: int, kernel: int, stride: int, copies: int, examples: int, common: bool
) -> None:
    def run(chosen: list[int]) -> list[Tensor]:
        leaves = [
            part.detach()[chosen].requires_grad_() for part in operands(inputs, outputs, kernel, 16, copies, examples)
        ]
        x = leaves[0][:, :1].expand(-1, copies, -1, -1, -1, -1) if common else leaves[0]
        return with_gradients(convolve(x, leaves[1], leaves[2], stride), leaves)

    together = run(list(range(16)))
    for chosen in ([5, 5], [9, 3], [2, 11, 0], [6, 5, 4, 3, 2, 1, 0]):
        for part, whole in zip(run(chosen), together, strict=True):
            assert torch.equal(part, whole[chosen])


@every_shape
def test_gradients_of_several_objectives_come_in_one_batch(inputs: int, outputs: int, kernel: int, stride: int) -> None:
    leaves = operands(inputs, outputs, kernel)
    y = convolve(*leaves, stride)
    weights = torch.stack([torch.ones_like(y), y.detach()])
    together = torch.autograd.grad(y, leaves, weights, retain_graph=True, is_grads_batched=True)
    for place in range(2):
        alone = torch.autograd.grad(y, leaves, weights[place], retain_graph=True)
        for one, other in zip(together, alone, strict=True):
            torch.testing.assert_close(one[place], other)


def theta_of(slots: tuple[Slot, ...], rows: int = 2) -> Theta:
    generator = torch.Generator().manual_seed(1)
    return {
        slot: torch.stack([torch.stack([slot.initialise(generator) for _ in slot.copies]) for _ in range(rows)])
        for slot in slots
    }


def test_it_starts_like_torchs_own() -> None:
    torch.manual_seed(0)
    ours, theirs = Convolution("layer", (SHARED,), 24, 40), torch.nn.Conv2d(24, 40, 3)
    for slot, parameter in zip(ours.slots, (theirs.weight, theirs.bias), strict=True):
        assert parameter is not None
        drawn = slot.initialise(torch.Generator().manual_seed(0))
        assert drawn.shape == parameter.shape
        assert drawn.abs().max().item() == pytest.approx(parameter.abs().max().item(), rel=0.1)
        assert drawn.abs().max() <= (24 * 9) ** -0.5


def test_an_adapter_sees_the_pre_activation_with_its_channels_on_the_feature_axis() -> None:
    layer = Convolution("layer", private(("a", "b")), 3, 7, stride=2)
    theta, seen = theta_of(layer.slots), []

    def adapt(owner: object, _: Theta, x: Tensor, y: Tensor) -> Tensor:
        seen.append((owner, x.shape, y.shape[layer.feature_axis]))
        return 2 * y

    x = torch.randn(2, 2, 4, 3, 5, 8)
    torch.testing.assert_close(layer(theta, x, adapt), 2 * layer(theta, x))
    assert seen == [(layer, x.shape, layer.outputs)]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (1, 2)])
def test_a_low_rank_correction_is_one_to_the_weight(kernel: int, stride: int) -> None:
    layer = Convolution("layer", (SHARED,), 3, 8, kernel, stride)
    correction = layer.low_rank(private(("a", "b")), rank=2)
    theta, x = theta_of(layer.slots + correction.slots), torch.randn(2, 2, 4, 3, 5, 8)
    assert not correction(theta, x).any(), "at the start there is none"
    down, up = theta[correction.down], torch.randn(2, 2, 8, 2, 1, 1)
    weight = torch.einsum("rcoq,rcqikl->rcoikl", up.flatten(4).squeeze(4), down)
    assert torch.linalg.matrix_rank(weight.flatten(3)).eq(2).all()
    found = correction({**theta, correction.up: up}, x)
    torch.testing.assert_close(found, convolve(x, weight, None, stride), rtol=1e-10, atol=1e-10)
    name = layer.name
    assert [slot.name for slot in correction.slots] == [f"{name}.down", f"{name}.up"]
