"""Orders, cosines and coefficients of gradients that correct one another."""

from __future__ import annotations

import torch

from mtl_core.randomness.counter_based import Streams
from mtl_core.weighting.solvers.gradient_surgery import (
    corrected_coefficients,
    correcting_pairs,
    norms_and_cosines,
    random_order,
    total_weights,
)
from tests.mtl_core.weighting.gradients import ALL, everybody, jacobian


def test_each_task_has_an_order_of_its_own_that_goes_with_the_names() -> None:
    streams = Streams(range(200), "weighting")
    order = random_order(ALL, streams.at([3] * 200))
    assert (order.sort(dim=2).values == torch.arange(4)).all()
    assert not torch.equal(order[:, 0], order[:, 1])
    first = torch.stack([(order[:, :, 0] == task).float().mean(dim=0) for task in range(4)])
    assert ((first > 0.12) & (first < 0.38)).all()
    later = random_order(ALL, streams.at([4] * 200))
    assert not torch.equal(order, later)
    moved = [2, 0, 3, 1]
    permuted = random_order([ALL[i] for i in moved], streams.at([3] * 200))
    assert torch.equal(torch.tensor(moved)[permuted], order[:, moved])


def test_cosines_of_vanishing_gradients_are_zero() -> None:
    gradients = jacobian()
    gradients[1, 2] = 0
    norms, cosines = norms_and_cosines(gradients @ gradients.mT)
    torch.testing.assert_close(norms, gradients.norm(dim=2))
    expected = torch.nn.functional.normalize(gradients, dim=2)
    torch.testing.assert_close(cosines, expected @ expected.mT)
    pairs = correcting_pairs(norms, everybody(gradients))
    assert not pairs.diagonal(dim1=1, dim2=2).any()
    assert not pairs[1, 2].any()
    assert not pairs[1, :, 2].any()
    assert pairs.sum() == 3 * 12 - 6


def test_a_correction_is_told_what_the_task_has_become() -> None:
    gradients = jacobian(parameters=6)
    norms, cosines = norms_and_cosines(gradients @ gradients.mT)
    units = gradients / norms.unsqueeze(2)
    order = random_order(ALL, Streams(range(3), "weighting"))
    pairs, become, seen = correcting_pairs(norms, everybody(gradients)), units.clone(), []

    def correction(product, square, partner):
        other = units.gather(1, partner.expand(-1, -1, 6))
        torch.testing.assert_close(product, (become * other).sum(dim=2, keepdim=True))
        torch.testing.assert_close(square, become.square().sum(dim=2, keepdim=True))
        amount = 0.3 - product
        become.add_(torch.where(pairs.gather(2, partner), amount, 0.0) * other)
        seen.append(partner)
        return amount

    coefficients = corrected_coefficients(cosines, order, pairs, correction)
    torch.testing.assert_close(coefficients @ units, become)
    assert torch.equal(torch.cat(seen, dim=2), order)
    weights = total_weights(coefficients, norms, everybody(gradients))
    expected = (norms.unsqueeze(2) * become).sum(dim=1)
    torch.testing.assert_close((weights.unsqueeze(1) @ gradients).squeeze(1), expected)
