"""Pooling, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, max_pool2d

from mtl_core.layers.pooling import average_pool, max_pool

SIZES = [(8, 12), (5, 7), (4, 5), (3, 2), (2, 2)]


def maps(height: int, width: int, *, ties: bool = False) -> Tensor:
    x = torch.randn(3, 2, 5, 4, height, width, generator=torch.Generator().manual_seed(0))
    return (x.round() if ties else x).requires_grad_()


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_maximum_and_its_gradient_are_those_of_max_pool2d(height: int, width: int, ties: bool, moved: bool) -> None:
    x = maps(height, width, ties=ties)
    found = max_pool(x.movedim(2, 0).contiguous().movedim(0, 2) if moved else x)
    expected = max_pool2d(x.flatten(0, 2), 2).unflatten(0, x.shape[:3])
    assert torch.equal(found, expected)
    weights = torch.randn_like(expected)
    one, other = (torch.autograd.grad(y, x, weights)[0] for y in (found, expected))
    assert torch.equal(one, other)


def test_gradients_of_several_objectives_come_in_one_batch() -> None:
    x = maps(5, 7)
    y = max_pool(x)
    weights = torch.randn(3, *y.shape)
    (together,) = torch.autograd.grad(y, x, weights, retain_graph=True, is_grads_batched=True)
    for place in range(3):
        assert torch.equal(together[place], torch.autograd.grad(y, x, weights[place], retain_graph=True)[0])


def test_it_can_be_mapped_over_another_dimension() -> None:
    x = torch.stack([maps(5, 7).detach(), maps(5, 7).detach().cos()])
    assert torch.equal(torch.vmap(max_pool)(x), torch.stack([max_pool(part) for part in x]))


@pytest.mark.parametrize("places", [(2, 3), (4, 6), (8, 12)])
def test_the_average_is_that_of_each_region(places: tuple[int, int]) -> None:
    x = maps(8, 12)
    expected = x.unflatten(4, (places[0], -1)).unflatten(6, (places[1], -1)).mean(dim=(5, 7))
    torch.testing.assert_close(average_pool(x, places), expected)


def test_regions_may_overlap_where_sizes_do_not_divide() -> None:
    x = maps(5, 7)
    expected = adaptive_avg_pool2d(x.flatten(0, 2), (3, 4)).unflatten(0, x.shape[:3])
    assert torch.equal(average_pool(x, (3, 4)), expected)


@pytest.mark.parametrize("pool", [max_pool, lambda x: average_pool(x, (3, 3))], ids=["max", "average"])
def test_a_rows_bits_do_not_depend_on_its_array(pool) -> None:
    x = maps(7, 5)
    assert torch.equal(pool(x)[1:], pool(x[1:]))
