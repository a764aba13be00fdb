"""Mixtures across tasks, sub-spaces and stages, wherever the features stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.layers.bank import Slot, Theta, private
from mtl_core.sharing.blocks.stitching import ChannelStitch, LayerMixture, Stitch, mix, own_examples, own_first

TASKS = private(("ant", "bee", "cow"))
SHAPES = pytest.mark.parametrize(
    ("shape", "axis"),
    [((2, 3, 5, 6), -1), ((2, 3, 5, 4, 6), -1), ((2, 3, 5, 6, 2, 4), 3)],
    ids=["features", "tokens", "channels"],
)


def random(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(4))


def drawn(slots: Sequence[Slot]) -> Theta:
    return {slot: random(2, len(slot.copies), *slot.shape) for slot in slots}


def started(slot: Slot) -> Theta:
    return {slot: torch.stack([slot.initialise(torch.Generator()) for _ in slot.copies]).expand(2, -1, *slot.shape)}


def test_rows_begin_with_their_own_entry() -> None:
    assert own_first(torch.tensor([[[1, 2, 3]] * 3]))[0].tolist() == [[1, 2, 3], [3, 1, 2], [2, 3, 1]]


@SHAPES
def test_a_mixture_is_a_sum_over_signals(shape: tuple[int, ...], axis: int) -> None:
    weights, h = random(2, 4, 3), random(*shape)
    torch.testing.assert_close(mix(weights, h), torch.einsum("rnm,rm...->rn...", weights, h))


@SHAPES
@pytest.mark.parametrize("subspaces", [1, 2, 3])
def test_subspaces_of_the_feature_axis_are_stitched(shape: tuple[int, ...], axis: int, subspaces: int) -> None:
    layer = Stitch("stitch", TASKS, subspaces, axis)
    theta, h = drawn(layer.slots), random(*shape)
    a = layer.matrix(theta).view(2, 3, subspaces, 3, subspaces)
    parts = torch.stack(h.movedim(axis, -1).chunk(subspaces, dim=-1), dim=2)
    expected = torch.einsum("riajb,rjb...->ria...", a, parts).unbind(2)
    torch.testing.assert_close(layer(theta, h), torch.cat(expected, dim=-1).movedim(-1, axis))
    assert layer(theta, h).shape == shape


@SHAPES
def test_every_feature_is_stitched_on_its_own(shape: tuple[int, ...], axis: int) -> None:
    layer = ChannelStitch("stitch", TASKS, 6, axis)
    theta, h = drawn(layer.slots), random(*shape)
    expected = torch.einsum("rijd,rj...d->ri...d", layer.matrix(theta), h.movedim(axis, -1))
    torch.testing.assert_close(layer(theta, h), expected.movedim(-1, axis))
    assert layer(theta, h).is_contiguous()


@pytest.mark.parametrize("subspaces", [1, 2])
def test_stitches_start_near_the_identity(subspaces: int) -> None:
    layer = Stitch("stitch", TASKS, subspaces)
    size = 3 * subspaces
    expected = torch.full((size, size), 0.1 / (size - 1)).fill_diagonal_(0.9)
    torch.testing.assert_close(layer.matrix(started(layer.weight))[0], expected)
    by_feature = ChannelStitch("stitch", TASKS, 4)
    expected = torch.full((3, 3), 0.05).fill_diagonal_(0.9)
    torch.testing.assert_close(by_feature.matrix(started(by_feature.weight))[1, :, :, 2], expected)


@SHAPES
def test_stages_are_mixed_for_each_task(shape: tuple[int, ...], axis: int) -> None:
    layer = LayerMixture("mixture", TASKS, (6, 6, 6), axis)
    theta, outputs = drawn(layer.slots), [random(*shape), random(*shape) + 1, random(*shape) - 1]
    assert layer.slots == (layer.weight,)
    expected = torch.einsum("rtl,lrt...->rt...", theta[layer.weight], torch.stack(outputs))
    torch.testing.assert_close(layer(theta, outputs), expected)
    start = started(layer.weight)[layer.weight]
    torch.testing.assert_close(start[0], torch.tensor([[0.05, 0.05, 0.9]] * 3))


def test_a_single_stage_is_itself() -> None:
    layer, h = LayerMixture("mixture", TASKS, (6,)), random(2, 3, 5, 6)
    assert torch.equal(layer(started(layer.weight), [h]), h)


@pytest.mark.parametrize(("axis", "shape"), [(-1, (2, 3, 5, 4)), (3, (2, 3, 5, 4, 2, 2))], ids=["features", "channels"])
def test_stages_of_other_sizes_are_brought_to_the_last(axis: int, shape: tuple[int, ...]) -> None:
    layer = LayerMixture("mixture", TASKS, (4, 6), axis)
    theta, small = drawn(layer.slots), random(*shape)
    large = random(*[6 if place == axis % len(shape) else size for place, size in enumerate(shape)])
    by_name: dict[str, Any] = {slot.name: value for slot, value in theta.items()}
    weight, bias = by_name["mixture.projection0.weight"], by_name["mixture.projection0.bias"]
    fitted = torch.einsum("rt...d,rtde->rt...e", small.movedim(axis, -1), weight)
    fitted = fitted + bias.view(2, 3, *[1] * (len(shape) - 3), 6)
    beta = theta[layer.weight].view(2, 3, 2, *[1] * (len(shape) - 2))
    expected = beta[:, :, 0] * fitted.movedim(-1, axis) + beta[:, :, 1] * large
    torch.testing.assert_close(layer(theta, [small, large]), expected)


def test_of_all_examples_each_task_keeps_its_own() -> None:
    h = random(2, 3, 12, 6)
    kept = own_examples(h, 3)
    assert kept.shape == (2, 3, 4, 6)
    assert all(torch.equal(kept[:, i], h[:, i, 4 * i : 4 * i + 4]) for i in range(3))
    assert own_examples(h, 1) is h
