"""Norms and cosines of gradients on two halves of a batch."""

from __future__ import annotations

import math

import torch

from mtl_core.gradients.agreement import agreement


def test_cosines_and_norms_of_known_gradients() -> None:
    """Task 0 points along x, task 1 at 60°; half B of task 1 points the other way and rests on thrice the labels."""
    first = torch.tensor([[[2.0, 0.0], [0.5, math.sqrt(0.75)]]])
    second = torch.tensor([[[1.0, 0.0], [-0.5, -math.sqrt(0.75)]]])
    labels = torch.tensor([[[10, 5], [10, 15]]])
    norms, cosines, across = agreement(first, second, labels)
    torch.testing.assert_close(norms, torch.tensor([[1.5, 0.5]], dtype=torch.float64))
    torch.testing.assert_close(cosines[0], torch.tensor([[1.0, -0.5], [-0.5, 1.0]], dtype=torch.float64))
    torch.testing.assert_close(across[0], torch.tensor([[1.0, 0.0], [0.0, -1.0]], dtype=torch.float64))


def test_without_labels_or_gradient_there_is_no_cosine() -> None:
    first = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]]])
    labels = torch.tensor([[[3, 0, 4], [5, 0, 4]]])
    norms, cosines, across = agreement(first, first, labels)
    assert norms[0].isnan().tolist() == [False, True, False]
    assert norms[0, 2] == 0
    assert cosines[0].isnan().tolist() == [[False, True, True], [True, True, True], [True, True, True]]
    assert across[0, 0, 2].isnan()
    assert across[0, 0, 0] == 1
