"""Cotangents at the representation, against one backward pass for each task."""

from __future__ import annotations

import pytest
import torch

from mtl_core.gradients.cotangents import Cotangents, HeadCotangents, LossCotangents, TowerCotangents, gramian
from mtl_core.layers.forward_context import EVALUATION
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from tests.mtl_core.worlds import development

pytestmark = pytest.mark.usefixtures("double")

NAMES, INPUTS = ("price", "sold", "grade"), 12


def losses_of(outputs: list[torch.Tensor]) -> torch.Tensor:
    """A loss of every task, in the order of the tasks, which is here that of the head banks."""
    return torch.cat([logits.tanh().square().mean(dim=(2, 3)) for logits in outputs], dim=1)


def cut(depth: int) -> tuple[Network, dict, torch.Tensor, torch.Tensor]:
    """A network, its parameters, its representation, and each task's ∂L_i/∂z by a backward pass of its own."""
    network = Network(Recipe(depth=depth, stages=2, width=4), development(NAMES).tasks, (INPUTS,))
    layout = network.layout
    theta = {
        slot: value.detach().double().requires_grad_(slot.trained)
        for slot, value in layout.theta(layout.unpack(layout.initialise([0, 1]))).items()
    }
    x = torch.randn(2, 1, 6, INPUTS, generator=torch.Generator().manual_seed(4))
    z = network.represent(theta, x, EVALUATION).detach().requires_grad_()
    losses = losses_of(network.finish(theta, z, EVALUATION))
    expected = [torch.autograd.grad(losses[:, task].sum(), z, retain_graph=True)[0] for task in range(len(NAMES))]
    return network, theta, z, torch.stack(expected)


def check(cotangents: Cotangents, network: Network, expected: torch.Tensor) -> None:
    for task, gradient in enumerate(expected):
        torch.testing.assert_close(cotangents.of(task), gradient)
    weights = torch.tensor([[0.2, 0.5, 0.3], [1.0, 0.0, -2.0]])
    total = (weights.T.view(3, 2, 1, 1, 1) * expected).sum(dim=0)
    torch.testing.assert_close(cotangents.combined(weights), total)
    torch.testing.assert_close(cotangents.gramian(), gramian(expected.squeeze(2).transpose(0, 1)))
    assert not cotangents.losses.requires_grad
    heads = [slot for bank in network.heads for slot in bank.slots]
    own = dict(zip(network.layout.trained, cotangents.own, strict=True))
    assert all(own[slot] is not None for slot in heads)


def test_of_linear_heads_on_one_representation() -> None:
    network, theta, z, expected = cut(depth=2)
    check(HeadCotangents(network, theta, z, losses_of), network, expected)


@pytest.mark.parametrize("depth", [1, 2])
def test_of_towers_and_heads(depth: int) -> None:
    network, theta, z, expected = cut(depth)
    check(TowerCotangents(network, theta, z, EVALUATION, losses_of), network, expected)


def test_of_losses_that_one_head_gives() -> None:
    network, *_ = cut(depth=2)
    cotangents = LossCotangents(network, torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True))
    assert cotangents.of(1).tolist() == [[0, 1, 0]]
    weights = torch.tensor([[0.2, 0.5, 0.3]])
    assert torch.equal(cotangents.combined(weights), weights)
    assert cotangents.own == [None] * len(network.layout.trained)
    with pytest.raises(AssertionError, match="no representation"):
        cotangents.gramian()
