"""Cumulative logits with proportional odds: held against the plain formula, and fitted to data that follow it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from mtl_core.data.kinds.ordinal import Ordinal
from mtl_core.data.preprocessing import prepare
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.trainer import fit

KIND = Ordinal()
TASK = Task("y", "ordinal", "class_distance", 4)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_probabilities_are_differences_of_cumulative_ones() -> None:
    outputs = 2 * torch.randn(3, 2, 4, 9, generator=torch.Generator().manual_seed(0)).double()
    logits, _ = KIND.cumulative(outputs)
    assert (logits.diff(dim=2) < 0).all()
    above = torch.cat([torch.ones(3, 2, 1, 9), logits.sigmoid(), torch.zeros(3, 2, 1, 9)], dim=2)
    torch.testing.assert_close(KIND.log_probabilities(outputs).exp(), -above.diff(dim=2))
    torch.testing.assert_close(KIND.log_probabilities(outputs).exp().sum(dim=2), torch.ones(3, 2, 9).double())


def test_the_constant_has_the_class_frequencies_and_predicts_the_median() -> None:
    labels = torch.tensor([0.0] * 2 + [1.0] * 1 + [2.0] * 4 + [3.0] * 3)
    outputs = KIND.constant(TASK, labels, None, (torch.zeros(1), torch.ones(1))).double()[None, None, :, None]
    shares = KIND.log_probabilities(outputs).exp().flatten()
    np.testing.assert_allclose(shares, [0.2, 0.1, 0.4, 0.3], atol=1e-6)
    assert KIND.predicted(outputs).item() == 2


def test_a_class_that_is_missing_costs_a_finite_loss() -> None:
    labels = torch.tensor([0.0] * 5 + [3.0] * 5)
    outputs = KIND.constant(TASK, labels, None, (torch.zeros(1), torch.ones(1)))[None, None, :, None]
    assert KIND.losses(outputs.expand(-1, -1, -1, 4), torch.arange(4.0)[None, None]).isfinite().all()


def data(number: int = 600) -> Development:
    chance = torch.Generator().manual_seed(4)
    inputs = torch.randn(number, 2, generator=chance)
    noise = torch.rand(number, generator=chance)
    score = 1.5 * inputs[:, 0] - 0.7 * inputs[:, 1] + (noise / (1 - noise)).log()
    targets = torch.bucketize(score, torch.tensor([-1.5, 0.0, 2.0])).float()[:, None]
    return Development((TASK,), Examples(inputs, targets), torch.ones(2, dtype=torch.bool))


def test_a_linear_network_learns_the_maximum_of_the_likelihood() -> None:
    pool = data()
    recipe = Recipe(epochs=400, batch_size=480, sharing="hard", depth=0, stages=0, width=4)
    network = Network(recipe, pool.tasks, pool.shape)
    row = ReplicaConfig("only", 0, {"learning_rate": 0.05, "weight_decay": 0.0})
    (outcome,) = fit(recipe, pool, [row])
    assert network.layout.size == 2 + 3  # one direction, three constants
    prepared = prepare(pool, 0)
    x = ((pool.examples.inputs - prepared.input_shift) * prepared.input_scale)[prepared.train].double().numpy()
    y = pool.examples.targets[prepared.train, 0].long().numpy()

    def likelihood(parameters: np.ndarray) -> float:
        above = sigmoid((x @ parameters[:2])[:, None] - np.cumsum([parameters[2], *np.exp(parameters[3:])]))
        shares = -np.diff(np.concatenate([np.ones((len(x), 1)), above, np.zeros((len(x), 1))], axis=1), axis=1)
        return -np.log(shares[np.arange(len(y)), y]).mean()

    best = minimize(likelihood, np.zeros(5), method="BFGS").fun
    assert outcome.curves["train_loss"][-1, 0] > 0
    theta = network.layout.theta(network.layout.unpack(torch.stack([outcome.state["parameters"]] * 2)))
    inputs = torch.from_numpy(x).float().expand(2, 1, -1, -1)
    targets = torch.from_numpy(y).float().expand(2, 1, -1)
    assert network.losses(network(theta, inputs), targets).mean().item() == pytest.approx(best, abs=2e-3)


def test_all_examples_of_a_network_have_the_same_thresholds() -> None:
    pool = data(120)
    network = Network(Recipe(sharing="hard", depth=1, stages=1, width=4), pool.tasks, pool.shape)
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise([0, 1])))
    (outputs,) = network(theta, torch.randn(2, 1, 50, 2))
    steps = KIND.cumulative(outputs)[0].diff(dim=2)
    torch.testing.assert_close(steps, steps[..., :1].expand_as(steps))
    assert outputs.shape == (2, 1, 3, 50)
