"""Batch norm of features that come last, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.layers.bank import private
from mtl_core.layers.feature_batch_norm import FeatureBatchNorm

ROWS, COPIES, FEATURES = 3, 2, 5
NORM = FeatureBatchNorm("norm", private(("a", "b")), FEATURES)


def theta(rows: int = ROWS) -> dict:
    generator = torch.Generator().manual_seed(1)
    values = {slot: torch.stack([torch.stack([slot.initialise(generator)] * COPIES)] * rows) for slot in NORM.slots}
    for slot in (NORM.gain, NORM.shift):
        values[slot] = (values[slot] + torch.randn(values[slot].shape, generator=generator)).requires_grad_()
    return values


def signals(number: int, *places: int, rows: int = ROWS, examples: int = 7) -> list[Tensor]:
    generator = torch.Generator().manual_seed(2)
    shape = (rows, COPIES, examples, *places, FEATURES)
    return [3 * torch.randn(shape, generator=generator) + place for place in range(number)]


def ordinary(values: dict, row: int, copy: int) -> torch.nn.BatchNorm1d:
    norm = torch.nn.BatchNorm1d(FEATURES)
    norm.weight.data.copy_(values[NORM.gain][row, copy])
    norm.bias.data.copy_(values[NORM.shift][row, copy])
    return norm


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("places", [(), (4,), (2, 3)], ids=["features", "tokens", "places"])
def test_each_copy_is_an_ordinary_batch_norm(places: tuple[int, ...]) -> None:
    values, (*passed, last) = theta(), signals(3, *places)
    norms = [ordinary(values, row, copy) for row in range(ROWS) for copy in range(COPIES)]

    def expected_of(x: Tensor) -> Tensor:
        each = zip(norms, x.flatten(0, 1), strict=True)
        return torch.stack([norm(one.flatten(0, -2)).view(one.shape) for norm, one in each]).view(x.shape)

    for x in passed:
        x.requires_grad_()
        weights = x.detach().cos()
        y, expected = NORM(values, x, training=True), expected_of(x)
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
    for norm in norms:
        norm.eval()
    torch.testing.assert_close(NORM(values, last, training=False), expected_of(last), rtol=1e-10, atol=1e-10)


def test_evaluation_does_not_touch_the_running_averages() -> None:
    values, (x,) = theta(), signals(1)
    before = [values[slot].clone() for slot in (NORM.mean, NORM.variance)]
    NORM(values, x, training=False)
    assert all(torch.equal(values[slot], old) for slot, old in zip((NORM.mean, NORM.variance), before, strict=True))


def test_a_single_example_becomes_the_shift_and_leaves_finite_averages() -> None:
    values, (x,) = theta(), signals(1, examples=1)
    torch.testing.assert_close(NORM(values, x, training=True), values[NORM.shift].unsqueeze(2))
    assert values[NORM.variance].isfinite().all()


@pytest.mark.parametrize("examples", [1, 7, 64, 301])
def test_a_row_has_the_same_bits_in_every_array(examples: int) -> None:
    (x,) = signals(1, rows=9, examples=examples)
    values = theta(rows=9)
    whole = NORM(values, x, training=True)
    for rows in ([1, 0], [8, 3, 4], [5, 5, 2, 7]):
        few = {slot: value[rows].clone() for slot, value in theta(rows=9).items()}
        assert torch.equal(NORM(few, x[rows], training=True), whole[rows])
        assert all(torch.equal(few[slot], values[slot][rows]) for slot in (NORM.mean, NORM.variance))
