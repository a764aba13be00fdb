"""A tree of tasks from how alike their networks see the same examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float
from scipy.stats import rankdata
from torch import Tensor

from mtl_core.data.batch_loader import Feed
from mtl_core.data.batch_sampler import steps_per_epoch
from mtl_core.data.preprocessing import prepare
from mtl_core.data.task_set import Development
from mtl_core.errors import UserError
from mtl_core.layers.forward_context import EVALUATION
from mtl_core.network.network import Network
from mtl_core.randomness.seeding import generator, stream_seed
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.sharing import run
from mtl_core.sharing.independent import Independent
from mtl_core.task_grouping.tree_search import tree_from_affinity
from mtl_core.training.trainer import fit

REPLICAS = 3
"""Networks of each task that are compared."""
FEWEST_EPOCHS, FEWEST_STEPS = 5, 200
"""They are trained so long, but no longer than a study's own networks."""
_DIGITS = 9
"""Dissimilarities that agree so far are tied: rounding must not order them."""
_HYPERPARAMETERS = {"learning_rate": 3e-3, "weight_decay": 1e-4, "dropout": 0.0}


def affinities(
    network: Network, parameters: Float[Tensor, " p"], probes: Float[Tensor, "n d"]
) -> Float[np.ndarray, "l t t"]:
    """How alike the tasks' networks arrange the probes at every stage: 1 is the same order of dissimilarities.

    Entry [l, i, j] is Spearman's correlation, over pairs of probes, of the dissimilarities in networks i and j, and two
    probes are dissimilar by 1 minus Pearson's correlation of their features behind stage l.

    Source: S. Vandenhende et al., "Branched multi-task networks: deciding what layers to share", BMVC 2020, section
    3.1; N. Kriegeskorte et al., "Representational similarity analysis", Frontiers in Systems Neuroscience 2, 2008.

    Args:
        network: of ``independent``.
        parameters: of one trained row.
        probes: prepared inputs, the same for all tasks.
    """
    trunk = cast(Independent, network.trunk)
    theta = network.layout.theta(network.layout.unpack(torch.stack([parameters, parameters])))
    found = []
    with torch.no_grad():
        h = trunk.backbone.enter(probes.expand(2, 1, -1, -1))
        for stage in trunk.networks.stages:
            h = run(stage, theta, h, EVALUATION)
            found.append(_agreement(_dissimilarities(h[0].flatten(2).double())))
    return np.stack(found)


def find_tree(
    recipe: Recipe,
    development: Development,
    seed: int,
    *,
    budget: float,
    replicas: int = REPLICAS,
    epochs: int | None = None,
    probes: int = 128,
    hyperparameters: Mapping[str, Any] = _HYPERPARAMETERS,
) -> list[list[list[str]]]:
    """A tree for ``branch``, from the mean affinity of a few quickly trained networks.

    It costs ``replicas`` · ``epochs`` epochs of ``independent``, whose networks are those of all tasks; probes are
    training examples of all tasks, and their dissimilarities take memory in the square of their number.

    Args:
        recipe: of the study; its sharing is not looked at.
        development: the pool.
        seed: the first replica's; it names the seeds of the others.
        budget: mean number of groups per stage.
        replicas: networks of each task.
        epochs: that each is trained; by default those of :func:`epochs_of`.
        probes: examples that networks are compared on.
        hyperparameters: that they are trained with.
    """
    quick = replace(
        recipe,
        sharing="independent",
        depth=None,
        sharing_options={},
        epochs=epochs or epochs_of(recipe, development),
        patience=None,
    )
    seeds = [seed, *(stream_seed(seed, "affinity", number) >> 32 for number in range(1, replicas))]
    outcomes = fit(
        quick, development, [ReplicaConfig(str(number), one, hyperparameters) for number, one in enumerate(seeds)]
    )
    network = Network(quick, development.tasks, development.shape)
    size = network.layout.size
    found = [
        affinities(network, outcome.state["parameters"].view(size), _probes(development, quick, one, probes))
        for outcome, one in zip(outcomes, seeds, strict=True)
        if outcome.status != "diverged"
    ]
    if not found:
        found = f"all {replicas} networks diverged, so there is nothing to compare."
        raise UserError("the tree from affinity", found, "Check the inputs for extreme values, or write the tree out.")
    return tree_from_affinity(np.mean(found, axis=0), [task.name for task in development.tasks], budget)


def epochs_of(recipe: Recipe, development: Development) -> int:
    """Epochs after which networks are alike, or not, in what they have learnt rather than in how they began."""
    steps = steps_per_epoch(recipe, development)
    return min(recipe.epochs, max(FEWEST_EPOCHS, -(-FEWEST_STEPS // steps)))


def _probes(development: Development, recipe: Recipe, seed: int, number: int) -> Float[Tensor, "n d"]:
    preparation = prepare(development, seed, recipe.train_fraction)
    order = torch.randperm(len(preparation.train), generator=generator(seed, "affinity"))
    index = preparation.train[order[:number]]
    return Feed(development.examples, [preparation]).inputs(index.view(1, 1, -1))[0, 0]


def _dissimilarities(features: Float[Tensor, "t n d"]) -> Float[np.ndarray, "t m"]:
    """1 − Pearson's correlation for every pair of examples; a constant row of features correlates with none."""
    centred = features - features.mean(dim=2, keepdim=True)
    norms = centred.norm(dim=2, keepdim=True)
    unit = torch.where(norms > 0, centred / torch.where(norms > 0, norms, 1.0), 0.0)
    one, other = torch.triu_indices(features.shape[1], features.shape[1], offset=1)
    return (1 - unit.bmm(unit.transpose(1, 2)))[:, one, other].numpy()


def _agreement(dissimilarities: Float[np.ndarray, "t m"]) -> Float[np.ndarray, "t t"]:
    """Spearman's correlation between tasks; 0 where one has no order, and 1 with itself."""
    ranks = rankdata(np.round(dissimilarities, _DIGITS), axis=1)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.where(norms > 0, norms, 1.0)
    correlation = unit @ unit.T
    np.fill_diagonal(correlation, 1.0)
    return correlation
