"""Sparse gates by binary codes."""

from __future__ import annotations

import itertools
import math
from typing import Literal

import pytest
import torch
from torch import Tensor

from mtl_core.layers.bank import Theta, private
from mtl_core.sharing.blocks.sparse_gates import Selectors, expert_choice, smooth_step, without_dropped

Kind = Literal["static", "example"]


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("width", [0.3, 1.0, 4.0])
def test_the_smooth_step_is_exact_outside_its_band_and_smooth_inside(width: float) -> None:
    edge = torch.tensor([-100.0, -width, -width / 2, width / 2, width, 100.0], requires_grad=True)
    step = smooth_step(edge, width)
    assert step.tolist() == [0, 0, 0, 1, 1, 1]
    assert torch.autograd.grad(step.sum(), edge)[0].tolist() == [0] * 6
    z = torch.linspace(-width / 2, width / 2, 101)[1:-1]
    torch.testing.assert_close(smooth_step(z, width), 0.5 + 3 * z / (2 * width) - 2 * z**3 / width**3)
    assert (smooth_step(z, width).diff() > 0).all()


@pytest.mark.parametrize("places", [1, 2, 3])
def test_a_choice_is_the_product_over_the_binary_code(places: int) -> None:
    bits = torch.rand(2, 3, 2, places, 5, generator=torch.Generator().manual_seed(0))
    found = expert_choice(bits)
    assert found.shape == (2, 3, 2, 2**places, 5)
    for expert, code in enumerate(itertools.product((0, 1), repeat=places)):
        expected = torch.ones(2, 3, 2, 5)
        for place, one in enumerate(code):
            expected = expected * (bits[:, :, :, place] if one else 1 - bits[:, :, :, place])
        torch.testing.assert_close(found[:, :, :, expert], expected)
    torch.testing.assert_close(found.sum(dim=3), torch.ones(2, 3, 2, 5))


def bank(kind: Kind, selectors: int = 2) -> Selectors:
    return Selectors("gate", private(("a", "b", "c")), 8, selectors, 5, kind, 1.0)


def theta_of(gates: Selectors, scale: float = 0.3) -> Theta:
    generator = torch.Generator().manual_seed(1)
    return {
        slot: (scale * torch.randn(2, len(slot.copies), *slot.shape, generator=generator)).requires_grad_()
        for slot in gates.slots
    }


@pytest.mark.parametrize(("kind", "signals", "examples"), [("static", 1, 1), ("example", 1, 7), ("example", 3, 7)])
def test_weights_sum_to_one_and_all_parameters_get_a_gradient(kind: Kind, signals: int, examples: int) -> None:
    gates = bank(kind)
    theta = theta_of(gates, scale=0.05)
    weights, entropy = gates(theta, random(2, signals, 7, 5))
    assert weights.shape == (2, 3, 8, examples)
    assert entropy.shape == (2,)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(2, 3, examples))
    assert (weights > 0).all(), "inside the band every expert has a share"
    for objective, parts in ((weights.square().sum(), ("code", "weight")), (entropy.sum(), ("code",))):
        leaves = list(theta.values())
        found = torch.autograd.grad(objective, leaves, retain_graph=True, allow_unused=True, materialize_grads=True)
        reached = [slot.name for slot, gradient in zip(theta, found, strict=True) if gradient.ne(0).any()]
        assert reached == [slot.name for slot in theta if slot.name.split(".")[1] in parts]


def test_far_codes_choose_one_expert_for_each_selector_and_have_no_entropy() -> None:
    gates = bank("static")
    theta = theta_of(gates)
    with torch.no_grad():
        theta[gates.code_bias].copy_(torch.tensor([1.0, -1, 1, -1, 1, 1]).expand(2, 3, 6))  # 5 and 3
    weights, entropy = gates(theta, random(2, 1, 7, 5))
    assert (weights.flatten() != 0).view(2, 3, 8).nonzero()[:, 2].view(6, 2).tolist() == [[3, 5]] * 6
    assert entropy.tolist() == [0, 0]
    shares = theta[gates.weight_bias].softmax(dim=2)
    torch.testing.assert_close(weights[:, :, [5, 3], 0], shares)
    gradients = torch.autograd.grad(entropy.sum() + weights.square().sum(), list(theta.values()))
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_the_entropy_is_that_of_every_selector_averaged_over_examples() -> None:
    gates = bank("static")
    theta = theta_of(gates, scale=0.0)
    _, entropy = gates(theta, random(2, 1, 7, 5))
    torch.testing.assert_close(entropy, torch.full((2,), 3 * 2 * math.log(8)))
    example = bank("example")
    theta = theta_of(example)
    x = random(2, 1, 7, 5)
    _, entropy = example(theta, x)
    each = torch.stack([example(theta, x[:, :, i : i + 1])[1] for i in range(7)])
    torch.testing.assert_close(entropy, each.mean(dim=0))


def test_codes_begin_close_to_the_middle_and_apart_from_each_other() -> None:
    gates = bank("static")
    drawn = gates.code_bias.initialise(torch.Generator().manual_seed(0))
    assert drawn.abs().max() <= 0.01
    assert len(drawn.unique()) == 6


def test_one_row_whose_selectors_have_chosen_does_not_change_the_bits_of_another() -> None:
    gates = bank("static")
    theta = theta_of(gates, scale=0.1)  # all inside the band
    x = random(2, 1, 7, 5)

    def gradient() -> Tensor:
        weights, entropy = gates(theta, x)
        leaves = list(theta.values())
        return torch.autograd.grad(entropy.sum() + weights.square().sum(), leaves)[0][0]

    before = gradient()
    with torch.no_grad():
        theta[gates.code_bias][1] = 3.0
    assert torch.equal(gradient(), before)


def test_dropped_experts_leave_their_weight_to_the_others_unless_they_have_all_of_it() -> None:
    weights = torch.tensor([[[0.5, 0.3, 0.2, 0.0], [1.0, 0.0, 0.0, 0.0]]]).unsqueeze(3)
    dropped = torch.tensor([[[True, False, False, False], [True, False, False, False]]]).unsqueeze(3)
    found = without_dropped(weights, dropped)[0, :, :, 0]
    torch.testing.assert_close(found, torch.tensor([[0.0, 0.6, 0.4, 0.0], [1.0, 0.0, 0.0, 0.0]]))
    assert without_dropped(weights, None) is weights
