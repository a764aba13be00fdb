"""Batches, and what their passes have in common."""

from __future__ import annotations

import torch

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.preprocessing import prepare
from mtl_core.gradients.batch_passes import Batch, BatchPasses
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from tests.mtl_core.worlds import development

RECIPE = Recipe(sharing="hard", depth=1, stages=2, width=8)
EVERYBODY = torch.ones(2, 3, dtype=torch.bool)


def passes(missing: float = 0.0) -> BatchPasses:
    data = development(missing=missing)
    network = Network(RECIPE, data.tasks, data.shape)
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise([0, 1])))
    return BatchPasses(network, theta, BatchLoader(data.examples, [prepare(data, seed) for seed in (0, 1)]))


def batch(present: torch.Tensor = EVERYBODY, examples: int = 12) -> Batch:
    return Batch(torch.arange(examples).expand(2, 1, -1), present, lambda: ForwardContext(training=True))


def test_the_first_examples_of_a_batch_are_a_batch_of_the_same_tasks() -> None:
    whole = batch()
    part = whole.first(5)
    assert part.index.tolist() == [[[0, 1, 2, 3, 4]]] * 2
    assert (part.present is whole.present, part.context is whole.context) == (True, True)


def test_all_passes_have_the_losses_of_the_present_tasks() -> None:
    present = torch.tensor([[True, False, True], [True, True, False]])
    world, one = passes(missing=0.3), batch(present)
    losses = world.losses(one, one.context())
    assert losses.requires_grad
    assert (losses > 0).equal(present)
    for task_pass in (world.task_gradients(one), world.cut(one)):
        torch.testing.assert_close(task_pass.losses, losses.detach())


def test_labels_are_looked_for_among_the_batchs_own_examples() -> None:
    assert passes().labelled(batch()) is None
    world = passes(missing=0.9)
    targets, _ = world._loader.targets(batch().index)
    assert targets.shape == (2, 3, 12)
    found = world.labelled(batch(examples=3))
    assert found is not None
    assert found.tolist() == [(~development(missing=0.9).examples.targets[:3].isnan()).any(dim=0).tolist()] * 2


def test_gradients_of_each_batch_of_a_step_have_memory_of_their_own_that_is_used_again() -> None:
    world = passes()
    first, second = (world.jacobian(world.task_gradients(batch()), number) for number in (0, 1))
    assert first.equal(second)
    assert first.data_ptr() != second.data_ptr()
    again = world.jacobian(world.task_gradients(batch(examples=4)))
    assert again.data_ptr() == first.data_ptr()
