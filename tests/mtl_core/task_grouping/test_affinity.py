"""A tree from how alike networks see the same examples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.task_grouping.affinity import _of_representations, affinities, find_tree

NAMES = ("low", "high", "lower", "higher")
RECIPE = Recipe(stages=2, width=16, batch_size=32)


def in_pairs(own: bool = False) -> Development:
    """Regression tasks on columns of two halves: two tasks need the first half, two the second."""
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(400, 8, generator=generator)
    halves = x[:, :4] @ torch.randn(4, 6, generator=generator), x[:, 4:] @ torch.randn(4, 6, generator=generator)
    targets = torch.stack([torch.tanh(halves[place % 2]).sum(dim=1) + place for place in range(4)], dim=1)
    if own:
        targets = torch.where(torch.arange(400).unsqueeze(1) % 4 == torch.arange(4), targets, torch.nan)
    tasks = tuple(Task(name, "regression", "mse") for name in NAMES)
    return Development(tasks, Examples(x, targets), torch.ones(8, dtype=torch.bool), own_inputs=own)


def test_an_affinity_is_the_rank_correlation_of_dissimilarities() -> None:
    data = in_pairs()
    network = Network(replace(RECIPE, sharing="independent"), data.tasks, data.shape)
    parameters, x = network.layout.initialise([5])[0], data.examples.inputs[:30]
    found = affinities(network, parameters, x)
    values = {
        s.name: v[0].detach().double() for s, v in network.layout.theta(network.layout.unpack(parameters[None])).items()
    }
    h, pairs = x.double().expand(4, -1, -1), np.triu_indices(30, 1)
    for level in range(2):
        h = torch.relu(h.bmm(values[f"stage{level}.weight"]) + values[f"stage{level}.bias"].unsqueeze(1))
        distances = [(1 - np.corrcoef(features))[pairs] for features in h.numpy()]
        for i in range(4):
            for j in range(4):
                expected = spearmanr(distances[i], distances[j]).statistic
                assert found[level, i, j] == pytest.approx(expected, abs=1e-4)


def test_networks_that_see_nothing_agree_with_none() -> None:
    data = in_pairs()
    network = Network(replace(RECIPE, sharing="independent"), data.tasks, data.shape)
    found = affinities(network, torch.zeros(network.layout.size), data.examples.inputs[:9])
    assert (found == np.eye(4)).all()


@pytest.mark.parametrize("own", [False, True], ids=["common", "own"])
def test_a_tree_finds_the_pairs_that_there_are(own: bool) -> None:
    data = in_pairs(own)
    epochs = 40 if own else 15
    tree = find_tree(RECIPE, data, 0, budget=1.5, epochs=epochs)
    assert tree == [[list(NAMES)], [["low", "lower"], ["high", "higher"]]]
    assert why_infeasible(replace(RECIPE, sharing="branch", sharing_options={"tree": tree}), data) is None


def test_the_order_of_the_tasks_does_not_matter() -> None:
    data, settings = in_pairs(), {"budget": 2.0, "epochs": 2, "replicas": 2, "probes": 40}
    straight = find_tree(RECIPE, data, 1, **settings)
    turned = find_tree(RECIPE, data.only("higher", "low", "lower", "high"), 1, **settings)
    assert [set(map(frozenset, groups)) for groups in straight] == [set(map(frozenset, groups)) for groups in turned]


def test_networks_that_all_diverge_have_no_affinity() -> None:
    wild = {"learning_rate": 1e30, "weight_decay": 0.0, "dropout": 0.0}
    with pytest.raises(ValueError, match="diverged"):
        find_tree(replace(RECIPE, optimiser="sgd"), in_pairs(), 0, budget=2.0, epochs=1, hyperparameters=wild)


@pytest.mark.parametrize("weighting", ["nash", "mgda", "rlw", "fixed"])
def test_networks_are_trained_alike_whatever_the_studys_weighting(weighting: str) -> None:
    """Private networks share nothing: a method of gradients would have nothing to weigh."""
    options = {"weights": [0.7, 0.1, 0.1, 0.1]} if weighting == "fixed" else {}
    networks = [
        _of_representations(recipe, in_pairs(), [0], 2, 32, {"learning_rate": 1e-2})
        for recipe in (RECIPE, replace(RECIPE, weighting=weighting, weighting_options=options))
    ]
    assert np.array_equal(*networks)


@pytest.mark.parametrize("by", ["representation", "look_ahead"])
def test_trees_are_found_in_float32_on_the_cpu_whatever_the_study_trains_in(by: Any) -> None:
    settings: dict[str, Any] = {"budget": 2.0, "epochs": 2, "replicas": 2, "by": by}
    found = [find_tree(replace(RECIPE, precision=name), in_pairs(), 1, **settings) for name in ("float32", "tf32")]
    assert found[0] == found[1]
