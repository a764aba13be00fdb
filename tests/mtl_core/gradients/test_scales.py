"""Steps of the same size for all methods; the contract of weighting methods holds the weights of each."""

from __future__ import annotations

import torch

from mtl_core.gradients.scales import matched, mean_step, scaled

PRESENT = torch.tensor([[True, True, True], [True, False, True], [False] * 3])


def test_matched_weights_have_a_total_of_1_and_absent_tasks_none() -> None:
    weights = torch.tensor([[1.0, -2.0, 1.0], [3.0, 5.0, 1.0], [1.0, 1.0, 1.0]])
    assert scaled(weights, PRESENT, "matched").tolist() == [[0.25, -0.5, 0.25], [0.75, 0.0, 0.25], [0.0] * 3]
    assert scaled(weights, PRESENT, "native").tolist() == [[1.0, -2.0, 1.0], [3.0, 0.0, 1.0], [0.0] * 3]


def test_finished_steps_are_averaged_over_the_present_tasks() -> None:
    direction = torch.tensor([[3.0, 6.0], [2.0, 4.0], [0.0, 0.0]])
    assert mean_step(direction, PRESENT, "matched").tolist() == [[1.0, 2.0], [1.0, 2.0], [0.0, 0.0]]
    assert mean_step(direction, PRESENT, "native") is direction


def test_a_direction_without_weights_is_as_long_as_the_mean_gradient() -> None:
    jacobian = torch.randn(3, 4, 7, generator=torch.Generator().manual_seed(1))
    jacobian[2] = 0
    present = torch.ones(3, 4)
    present[1, 3] = 0
    jacobian[1, 3] = 0
    direction = torch.randn(3, 7, generator=torch.Generator().manual_seed(2))
    found = matched(direction, jacobian, present, "matched")
    means = torch.stack([jacobian[0].mean(dim=0), jacobian[1, :3].mean(dim=0), jacobian[2].mean(dim=0)])
    torch.testing.assert_close(found.norm(dim=1), means.norm(dim=1))
    torch.testing.assert_close(found[0] / found[0].norm(), direction[0] / direction[0].norm())
    assert torch.equal(matched(direction, jacobian, present, "native"), direction)
