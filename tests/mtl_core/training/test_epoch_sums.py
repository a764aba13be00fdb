"""Sums of an epoch, in memory that stays where it is."""

from __future__ import annotations

import torch

from mtl_core.gradients.step_gradient import Direction
from mtl_core.training.device import CPU
from mtl_core.training.epoch_sums import EpochSums


def test_losses_are_means_over_the_steps_that_a_task_took_part_in() -> None:
    sums = EpochSums.zeros(1, 3, CPU)
    places = [one.data_ptr() for one in (sums.weights, sums.losses, sums.counts)]
    for _ in range(2):  # the second epoch forgets the first
        sums.begin()
        sums.add(Direction([], torch.tensor([[1.0, 4.0, 0.0]]), torch.tensor([[True, True, False]]), torch.ones(1, 3)))
        sums.add(Direction([], torch.tensor([[2.0, 0.0, 0.0]]), torch.tensor([[True, False, False]]), torch.ones(1, 3)))
        assert sums.mean_losses().tolist() == [[1.5, 4.0, 0.0]]
        assert sums.weights.tolist() == [[2.0] * 3]
    assert places == [one.data_ptr() for one in (sums.weights, sums.losses, sums.counts)]
