"""The choice of a parent."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_core.layers.bank import Theta, private
from mtl_core.sharing.blocks.branching import ParentChoice

LAYER = ParentChoice("branching", private(("ant", "bee", "cow")))


def theta_of(logits: list[list[float]], chosen: list[list[float]]) -> Theta:
    return {
        LAYER.logits: torch.tensor([logits, logits[::-1]]).requires_grad_(),
        LAYER.chosen: torch.tensor([chosen, chosen[::-1]]),
    }


THETA = theta_of([[0.0, 1.0, 2.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0] * 3])


def test_weights_are_a_softmax_told_from_the_own_parent_on() -> None:
    weights = LAYER.relaxed(THETA, None, 2.0)[0]
    torch.testing.assert_close(weights[0], torch.softmax(torch.tensor([0.0, 0.5, 1.0]), dim=0))
    torch.testing.assert_close(weights[1], torch.softmax(torch.tensor([0.0, 1.5, 0.0]), dim=0))


def test_with_noise_the_coldest_choice_has_the_probabilities_of_the_softmax() -> None:
    """What makes it Gumbel noise."""
    uniform = torch.rand(4000, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    many = {slot: value[:1].expand(4000, -1, -1) for slot, value in THETA.items()}
    drawn = LAYER.relaxed(many, uniform, 1e-3)
    torch.testing.assert_close(drawn.mean(dim=0), LAYER.relaxed(THETA, None, 1.0)[0], rtol=0, atol=0.03)
    assert (drawn.amax(dim=2) > 0.99).float().mean() > 0.98


def test_a_temperature_of_its_own_for_each_row() -> None:
    same = {slot: value[:1].expand(2, -1, -1) for slot, value in THETA.items()}
    weights = LAYER.relaxed(same, None, torch.tensor([1.0, 0.01]).view(2, 1, 1))
    torch.testing.assert_close(weights[1, 1], torch.tensor([0.0, 1.0, 0.0]))
    assert weights[0, 1, 1] < 0.95


def test_parents_are_the_first_of_the_greatest_choices() -> None:
    assert LAYER.parents(THETA).tolist() == [[1, 0, 2], [0, 0, 0]]
    expected = torch.nn.functional.one_hot(torch.tensor([[1, 0, 2], [0, 0, 0]])).float()
    assert torch.equal(LAYER.settled(THETA), expected)


def test_the_choice_follows_the_logits_in_rows_that_are_free() -> None:
    theta: dict[object, Tensor] = {slot: value.detach().clone() for slot, value in THETA.items()}
    LAYER.keep(theta, torch.tensor([True, False]))
    assert torch.equal(theta[LAYER.chosen][0], theta[LAYER.logits][0])
    assert torch.equal(theta[LAYER.chosen][1], THETA[LAYER.chosen][1])
