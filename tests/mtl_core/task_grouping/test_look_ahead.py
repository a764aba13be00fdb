"""Look-ahead affinity against ordinary modules, in closed form, and on tasks that do and do not belong together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_core.data.preprocessing import prepare
from mtl_core.data.probe_batch import probe_batch
from mtl_core.data.task_set import Development, Examples
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.task_grouping.affinity import find_tree
from mtl_core.task_grouping.look_ahead import LookAhead, look_ahead_affinities, normalised
from tests.mtl_core.task_grouping.test_affinity import NAMES, in_pairs

RECIPE = Recipe(sharing="hard", depth=2, stages=2, width=6, batch_size=32)
QUICK: dict[str, Any] = {"learning_rate": 3e-3, "weight_decay": 1e-4, "dropout": 0.0}


def in_double() -> Development:
    data = in_pairs()
    return replace(data, examples=Examples(data.examples.inputs.double(), data.examples.targets.double()))


class Plain:
    """One replica's network as plain tensors, and its losses on the batch that is looked ahead on."""

    def __init__(self, network: Network, data: Development, parameters: Tensor) -> None:
        theta = network.layout.theta(network.layout.unpack(parameters[None]))
        self.values = {slot.name: value[0].detach().clone() for slot, value in theta.items()}
        prepared = prepare(data, 5)
        index, _ = probe_batch(data, prepared, 5, 128)
        chosen = index[0, 0]
        self.x = (data.examples.inputs[chosen] - prepared.input_shift) * prepared.input_scale
        self.y = (data.examples.targets[chosen] - prepared.target_shift) * prepared.target_scale

    def losses(self, values: dict[str, Tensor]) -> Tensor:
        h = self.x
        for level in range(2):
            h = torch.relu(h @ values[f"stage{level}.weight"][0] + values[f"stage{level}.bias"][0])
        heads = values["head.regression1.weight"][:, 0], values["head.regression1.bias"][:, 0]
        return (h @ heads[0].T + heads[1] - self.y).square().mean(dim=0)

    def gradients(self, task: int) -> dict[str, Tensor]:
        leaves = {name: value.clone().requires_grad_() for name, value in self.values.items()}
        shared = [name for name in leaves if name.startswith("stage")]
        found = torch.autograd.grad(self.losses(leaves)[task], [leaves[name] for name in shared])
        return dict(zip(shared, found, strict=True))

    def lowering(self, step: float) -> np.ndarray:
        before, found = self.losses(self.values), np.zeros((2, 4, 4))
        for level in range(2):
            for task in range(4):
                moved = {
                    name: self.values[name] - step * gradient
                    for name, gradient in self.gradients(task).items()
                    if name.startswith(f"stage{level}")
                }
                found[level, task] = (1 - self.losses(self.values | moved) / before).numpy()
        return found


@pytest.fixture
def world(double: None) -> tuple[LookAhead, Plain, Tensor]:
    data = in_double()
    network = Network(RECIPE, data.tasks, data.shape)
    parameters = network.layout.initialise([5])[0]
    return LookAhead(network, data, prepare(data, 5), 5), Plain(network, data, parameters), parameters


@pytest.mark.parametrize("step", [1e-2, 0.3])
def test_it_is_the_share_of_its_loss_that_a_task_loses_by_anothers_step(world: Any, step: float) -> None:
    ahead, plain, parameters = world
    np.testing.assert_allclose(ahead.lowering(parameters, step), plain.lowering(step), rtol=1e-8, atol=1e-12)


def test_rows_weigh_as_they_do_in_training() -> None:
    """Weights of 0 are rows without labels, and other ones change the losses."""
    data, network = in_pairs(), Network(RECIPE, in_pairs().tasks, in_pairs().shape)
    off = data.examples.inputs[:, 1] > 0
    weights = torch.ones(len(data.examples), 4)
    weights[off] = 0
    without = torch.where(off[:, None], torch.nan, data.examples.targets)
    found = []
    for examples in (
        replace(data.examples, weights=weights),
        replace(data.examples, targets=without),
        replace(data.examples, weights=1 + weights),
        data.examples,
    ):
        pool = replace(data, examples=examples)
        ahead = LookAhead(network, pool, prepare(pool, 5), 5)
        found.append(ahead.lowering(network.layout.initialise([5])[0]))
    np.testing.assert_array_equal(found[0], found[1])
    assert abs(found[2] - found[3]).max() > 1e-5


def test_for_small_steps_the_affinity_compares_inner_products_of_gradients(world: Any) -> None:
    """Z_ij / Z_jj → g_i·g_j / g_j·g_j as the step goes to 0, whatever the losses' unit."""
    ahead, plain, parameters = world
    found = normalised(ahead.lowering(parameters, 1e-6))
    for level in range(2):
        rows = torch.stack(
            [
                torch.cat([part.flatten() for name, part in plain.gradients(task).items() if f"stage{level}" in name])
                for task in range(4)
            ]
        )
        gramian = (rows @ rows.T).numpy()
        share = gramian / np.diagonal(gramian)
        np.testing.assert_allclose(found[level], (share + share.T) / 2, rtol=1e-4, atol=1e-4)


def test_an_own_step_that_does_not_help_gives_no_affinity() -> None:
    lowering = np.array([[[0.2, 0.1, 0.1], [0.1, 0.0, 0.4], [-0.1, 0.3, 0.4]]])
    expected = [[1.0, 0.25, -0.125], [0.25, 1.0, 0.5], [-0.125, 0.5, 1.0]]
    np.testing.assert_allclose(normalised(lowering)[0], expected, atol=1e-12)


@pytest.mark.parametrize("own", [False, True], ids=["common", "own"])
def test_tasks_that_need_the_same_columns_have_the_affinity(own: bool) -> None:
    recipe, data = Recipe(stages=2, width=16, batch_size=32), in_pairs(own)
    found = look_ahead_affinities(recipe, data, [0, 1], 15, QUICK)
    assert found is not None
    assert found.shape == (2, 4, 4)
    first = found[0]  # low and lower, high and higher
    assert min(first[0, 2], first[1, 3]) > max(first[0, 1], first[0, 3], first[1, 2], first[2, 3])


def test_the_tree_keeps_them_together() -> None:
    recipe = Recipe(stages=2, width=16, batch_size=32)
    tree = find_tree(recipe, in_pairs(), 0, budget=1.5, epochs=40, by="look_ahead")
    assert tree == [[list(NAMES)], [["low", "lower"], ["high", "higher"]]]


def test_networks_that_all_diverge_have_no_affinity() -> None:
    wild = replace(Recipe(stages=2, width=16, batch_size=32), optimiser="sgd")
    assert look_ahead_affinities(wild, in_pairs(), [0], 1, QUICK | {"learning_rate": 1e30}) is None
    with pytest.raises(ValueError, match="diverged"):
        find_tree(
            wild, in_pairs(), 0, budget=2.0, epochs=1, by="look_ahead", hyperparameters=QUICK | {"learning_rate": 1e30}
        )
