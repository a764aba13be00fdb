"""Composed corrections of layers of every kind, against their definition."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.layers.bank import SHARED, Theta
from mtl_core.layers.conv import Convolution
from mtl_core.layers.linear import Linear
from mtl_core.layers.tokens import FeatureTokens
from mtl_core.sharing.blocks.task_mixed_corrections import TaskMixedCorrection

TASKS, RANK, UPS, TEMPERATURE = ("ant", "bee", "cow"), 2, 4, 0.5
LAYERS = {
    "linear": (Linear("layer", (SHARED,), 5, 7), (6, 5)),
    "convolution": (Convolution("layer", (SHARED,), 5, 7), (6, 5, 4, 3)),
    "tokens": (FeatureTokens("layer", (SHARED,), 5, 7), (6, 5)),
}


def drawn(correction: TaskMixedCorrection) -> Theta:
    generator = torch.Generator().manual_seed(3)
    return {slot: torch.randn(2, len(slot.copies), *slot.shape, generator=generator) for slot in correction.slots}


def composed(kind: str, values: dict[str, Tensor], task: int) -> tuple[Tensor, Tensor]:
    """A task's own two factors, of one row."""
    shares = (values["mixing"][task] / TEMPERATURE).softmax(dim=0)
    up = sum(share * one for share, one in zip(shares, values["up"], strict=True))
    down, turn = values["down"][0], values["turn"][task]
    return (torch.einsum("qikl,qp->pikl", down, turn) if kind == "convolution" else down @ turn), up


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("kind", LAYERS)
def test_each_tasks_correction_is_a_low_rank_one_of_its_composed_factors(kind: str) -> None:
    layer, shape = LAYERS[kind]
    correction = TaskMixedCorrection(layer, TASKS, RANK, UPS, TEMPERATURE)
    theta, x = drawn(correction), torch.randn(2, 3, *shape, generator=torch.Generator().manual_seed(4))
    found, plain = correction(theta, x), layer.low_rank((SHARED,), RANK)
    for row in range(2):
        values = {slot.name.removeprefix("layer."): value[row] for slot, value in theta.items()}
        for task in range(3):
            factors = zip(plain.slots, composed(kind, values, task), strict=True)
            own = {slot: factor.expand(1, 1, *factor.shape) for slot, factor in factors}
            torch.testing.assert_close(found[row, task], plain(own, x[row, task][None, None])[0, 0])


@pytest.mark.parametrize("kind", LAYERS)
def test_a_rank_above_that_of_the_layer_is_the_layers(kind: str) -> None:
    """The convolution's patches have 45 numbers, so its 7 outputs are the least; the others have 5 inputs."""
    layer, _ = LAYERS[kind]
    least = 7 if kind == "convolution" else 5
    assert [layer.low_rank((SHARED,), rank).rank for rank in (3, 5, 50)] == [3, 5, least]
    assert TaskMixedCorrection(layer, TASKS, 50, UPS, TEMPERATURE).turn.shape == (least, least)


@pytest.mark.parametrize("kind", LAYERS)
def test_it_is_zero_at_the_start_and_every_factor_that_matters_can_move(kind: str) -> None:
    layer, shape = LAYERS[kind]
    correction = TaskMixedCorrection(layer, TASKS, RANK, UPS, TEMPERATURE)
    generator = torch.Generator().manual_seed(1)
    theta = {
        slot: torch.stack([slot.initialise(generator) for _ in slot.copies]).expand(2, *[-1] * (1 + len(slot.shape)))
        for slot in correction.slots
    }
    theta = {slot: value.contiguous().requires_grad_() for slot, value in theta.items()}
    y = correction(theta, torch.randn(2, 3, *shape))
    assert not y.any()
    (slope,) = torch.autograd.grad(y.sum(), theta[correction.up])
    assert slope.ne(0).any()
