"""The losses of a batch: weighted means over labels that count and are no padding."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.preprocessing import prepare
from mtl_core.gradients.batch_losses import BatchLosses
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.testing.small_tasks import ALIKE, small_tasks


@pytest.mark.parametrize("own_inputs", [False, True])
def test_they_are_weighted_means_over_labels_that_count(own_inputs: bool) -> None:
    data = small_tasks(ALIKE, missing=0.2, own_inputs=own_inputs)
    weights = torch.rand(len(data.examples), 3, generator=torch.Generator().manual_seed(1))
    data = replace(data, examples=replace(data.examples, weights=torch.where(weights < 0.3, 0.0, weights)))
    network, prepared = (
        Network(Recipe(sharing="hard", depth=1, stages=1, width=4), data.tasks, data.shape),
        prepare(data, 0),
    )
    loader = BatchLoader(data.examples, [prepared] * 2)
    signals = 3 if own_inputs else 1
    index = torch.randint(len(data.examples), (2, signals, 40), generator=torch.Generator().manual_seed(2))
    real = (torch.arange(40) < 33).expand_as(index)
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise((0, 1))))
    outputs = network(theta, loader.inputs(index))
    for mask in (None, real):
        losses = BatchLosses(loader, index, mask)
        found = losses.of(network, outputs)
        for row in range(2):
            for task in range(3):
                places = index[row, task if own_inputs else 0][: 40 if mask is None else 33]
                here = data.labels_in_loss[places, task]
                targets = data.examples.targets[places, task][here]
                standard = (targets - prepared.target_shift[task]) * prepared.target_scale[task]
                squares = (outputs[0][row, task, 0, : len(places)][here] - standard).square()
                own = data.examples.weights[places, task][here] / prepared.mean_weight[task]
                torch.testing.assert_close(found[row, task], (squares * own).mean())
                assert losses.counted[row, task].sum() == here.sum()


def test_a_task_without_a_label_has_loss_0_and_full_batches_need_no_mask() -> None:
    data = small_tasks(ALIKE)
    network = Network(Recipe(sharing="hard", depth=1, stages=1, width=4), data.tasks, data.shape)
    loader, index = BatchLoader(data.examples, [prepare(data, 0)] * 2), torch.arange(8).expand(2, 1, -1)
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise((0, 1))))
    assert BatchLosses(loader, index).counted is None
    nothing = BatchLosses(loader, index, torch.zeros(2, 1, 8, dtype=torch.bool))
    assert nothing.of(network, network(theta, loader.inputs(index))).tolist() == [[0.0] * 3] * 2
