"""Batch norm as a bank, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.layers.bank import private
from mtl_core.layers.batch_norm import BatchNorm

ROWS, COPIES, CHANNELS = 3, 2, 5
NORM = BatchNorm("norm", private(("a", "b")), CHANNELS)


def theta(rows: int = ROWS) -> dict:
    generator = torch.Generator().manual_seed(1)
    values = {slot: torch.stack([torch.stack([slot.initialise(generator)] * COPIES)] * rows) for slot in NORM.slots}
    for slot in (NORM.gain, NORM.shift):
        values[slot] = (values[slot] + torch.randn(values[slot].shape, generator=generator)).requires_grad_()
    return values


def signals(number: int, rows: int = ROWS, places: tuple[int, int] = (3, 4)) -> list[Tensor]:
    generator = torch.Generator().manual_seed(2)
    shape = (rows, COPIES, 7, CHANNELS, *places)
    return [3 * torch.randn(shape, generator=generator) + place for place in range(number)]


def ordinary(values: dict, row: int, copy: int) -> torch.nn.BatchNorm2d:
    norm = torch.nn.BatchNorm2d(CHANNELS)
    norm.weight.data.copy_(values[NORM.gain][row, copy])
    norm.bias.data.copy_(values[NORM.shift][row, copy])
    return norm


@pytest.mark.usefixtures("double")
def test_each_copy_is_an_ordinary_batch_norm() -> None:
    values, (*passed, last) = theta(), signals(3)
    norms = [ordinary(values, row, copy) for row in range(ROWS) for copy in range(COPIES)]
    for x in passed:
        x.requires_grad_()
        weights = x.detach().cos()
        y = NORM(values, x, training=True)
        expected = torch.stack([norm(one) for norm, one in zip(norms, x.flatten(0, 1), strict=True)]).view(x.shape)
        torch.testing.assert_close(y, expected, rtol=1e-10, atol=1e-10)
        found = torch.autograd.grad((y * weights).sum(), [x, values[NORM.gain], values[NORM.shift]])
        leaves = [x, *(norm.weight for norm in norms), *(norm.bias for norm in norms)]
        dx, *others = torch.autograd.grad((expected * weights).sum(), leaves)
        gain, shift = (torch.stack(part).view(ROWS, COPIES, -1) for part in (others[:6], others[6:]))
        for one, other in zip(found, (dx, gain, shift), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
    for slot, name in ((NORM.mean, "running_mean"), (NORM.variance, "running_var")):
        kept = torch.stack([getattr(norm, name) for norm in norms]).view(ROWS, COPIES, -1)
        torch.testing.assert_close(values[slot], kept, rtol=1e-10, atol=1e-10)
    y = NORM(values, last, training=False)
    expected = torch.stack([norm.eval()(one) for norm, one in zip(norms, last.flatten(0, 1), strict=True)])
    torch.testing.assert_close(y, expected.view(y.shape), rtol=1e-10, atol=1e-10)


def test_statistics_are_buffers_that_evaluation_leaves_alone() -> None:
    assert [slot.trained for slot in NORM.slots] == [True, True, False, False]
    values, (x,) = theta(), signals(1)
    before = {slot: values[slot].clone() for slot in (NORM.mean, NORM.variance)}
    NORM(values, x, training=False)
    assert all(torch.equal(values[slot], value) for slot, value in before.items())
    NORM(values, x, training=True)
    assert not any(torch.equal(values[slot], value) for slot, value in before.items())


@pytest.mark.parametrize("places", [(8, 12), (2, 2), (3, 5), (1, 7)])
def test_a_rows_bits_do_not_depend_on_its_array(places: tuple[int, int]) -> None:
    def run(chosen: list[int]) -> list[Tensor]:
        values = {slot: value.detach()[chosen] for slot, value in theta(9).items()}
        leaves = [values[NORM.gain].requires_grad_(), values[NORM.shift].requires_grad_()]
        x = signals(1, 9, places)[0][chosen].requires_grad_()
        y = NORM(values, x, training=True)
        gradients = torch.autograd.grad((y * x.detach().cos()).sum(), [x, *leaves])
        return [y.detach(), *gradients, values[NORM.mean], values[NORM.variance], NORM(values, x, False).detach()]

    together = run(list(range(9)))
    for chosen in ([5, 5], [8, 3], [2, 7, 0], [6, 5, 4, 3, 2, 1, 0]):
        for part, whole in zip(run(chosen), together, strict=True):
            assert torch.equal(part, whole[chosen])


def test_gradients_of_several_objectives_come_in_one_batch() -> None:
    values, (x,) = theta(), signals(1)
    y = NORM(values, x.requires_grad_(), training=True)
    leaves = [x, values[NORM.gain], values[NORM.shift]]
    weights = torch.stack([torch.ones_like(y), x.detach().cos()])
    together = torch.autograd.grad(y, leaves, weights, retain_graph=True, is_grads_batched=True)
    for place in range(2):
        alone = torch.autograd.grad(y, leaves, weights[place], retain_graph=True)
        for one, other in zip(together, alone, strict=True):
            torch.testing.assert_close(one[place], other)
