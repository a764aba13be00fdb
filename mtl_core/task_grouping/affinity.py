"""Task affinity: a tree of tasks from the similarity of the representations that their own networks learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float
from scipy.stats import rankdata
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
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
from mtl_core.task_grouping.kinds import By
from mtl_core.task_grouping.look_ahead import look_ahead_affinities
from mtl_core.task_grouping.tree_search import tree_from_affinity
from mtl_core.training.trainer import fit

REPLICAS = 3
"""Number of networks per task that are compared, by default."""
FEWEST_EPOCHS, FEWEST_STEPS = 5, 200
"""Least training of these networks, in epochs and in steps; never longer than that of the study's own networks."""
_DIGITS = 9
"""Decimal places to which dissimilarities are rounded, so that rounding errors do not break ties."""
_HYPERPARAMETERS = {"learning_rate": 3e-3, "weight_decay": 1e-4, "dropout": 0.0}


def affinities(
    network: Network, parameters: Float[Tensor, " p"], probes: Float[Tensor, "n d"]
) -> Float[np.ndarray, "l t t"]:
    """Return the similarity of the tasks' representations of the probes at each of l stages.

    Entry [l, i, j] is Spearman's correlation, over pairs of probes, of the dissimilarities in networks i and j.  The
    dissimilarity of two probes is 1 minus Pearson's correlation of their features behind stage l.

    Source: S. Vandenhende et al., "Branched multi-task networks: deciding what layers to share", BMVC 2020, section
    3.1; N. Kriegeskorte et al., "Representational similarity analysis", Frontiers in Systems Neuroscience 2, 2008.

    Args:
        network: a network of the architecture ``independent``.
        parameters: packed parameters of one trained replica.
        probes: standardised inputs of n examples, the same for all tasks.
    """
    trunk = cast(Independent, network.trunk)
    theta = network.layout.theta(network.layout.unpack(torch.stack([parameters, parameters])))
    affinity = []
    with torch.no_grad():
        h = trunk.backbone.enter(probes.expand(2, 1, -1, -1))
        for stage in trunk.networks.stages:
            h = run(stage, theta, h, EVALUATION)
            affinity.append(_agreement(_dissimilarities(h[0].flatten(2).double())))
    return np.stack(affinity)


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
    by: By = "representation",
) -> list[list[list[str]]]:
    """Find the task tree of ``branch`` from the mean affinity of a few briefly trained networks.

    The cost is ``replicas`` · ``epochs`` epochs of the architecture ``independent``, which has a network for each task,
    or of ``hard``.  Probes are training examples of all tasks; memory grows with the square of their number.

    Args:
        recipe: recipe of the study; its architecture and weighting method are replaced, and its precision by float32.
        development: the examples to train on, with their tasks.
        seed: seed of the first replica; those of the others derive from it.
        budget: largest mean number of groups per stage.
        replicas: number of networks per task.
        epochs: number of epochs of their training; by default that of :func:`epochs_of`.
        probes: number of examples that the networks are compared on.
        hyperparameters: hyperparameters of their training.
        by: which affinity: of the ``representation`` that private networks learn (:func:`affinities`), or by
            ``look_ahead`` in networks that share all stages
            (:func:`mtl_core.task_grouping.look_ahead.look_ahead_affinities`).

    Returns:
        For each stage the groups of tasks, see :data:`mtl_core.task_tree.Tree`.

    Raises:
        UserError: if all networks diverge.
    """
    seeds = [seed, *(stream_seed(seed, "affinity", number) >> 32 for number in range(1, replicas))]
    epochs = epochs or epochs_of(recipe, development)
    if by == "look_ahead":
        affinity = look_ahead_affinities(recipe, development, seeds, epochs, hyperparameters)
    else:
        affinity = _of_representations(recipe, development, seeds, epochs, probes, hyperparameters)
    if affinity is None:
        found = f"all {replicas} networks diverged, so there is nothing to compare."
        raise UserError("the tree from affinity", found, "Check the inputs for extreme values, or write the tree out.")
    return tree_from_affinity(affinity, [task.name for task in development.tasks], budget)


def _of_representations(
    recipe: Recipe,
    development: Development,
    seeds: Sequence[int],
    epochs: int,
    probes: int,
    hyperparameters: Mapping[str, Any],
) -> Float[np.ndarray, "l t t"] | None:
    """The mean affinity of the representations of private networks; ``None`` if all of them diverge."""
    quick = replace(
        recipe, sharing="independent", depth=None, sharing_options={}, weighting="equal", weighting_options={},
        epochs=epochs, patience=None, precision="float32",
    )  # fmt: skip
    outcomes = fit(
        quick, development, [ReplicaConfig(str(number), one, hyperparameters) for number, one in enumerate(seeds)]
    )
    network = Network(quick, development.tasks, development.shape)
    size = network.layout.size
    estimates = [
        affinities(network, outcome.state["parameters"].view(size), _probes(development, quick, one, probes))
        for outcome, one in zip(outcomes, seeds, strict=True)
        if outcome.status != "diverged"
    ]
    return np.mean(estimates, axis=0) if estimates else None


def epochs_of(recipe: Recipe, development: Development) -> int:
    """Return the number of epochs after which similarity reflects what networks learnt, not their initialisation."""
    steps = steps_per_epoch(recipe, development)
    return min(recipe.epochs, max(FEWEST_EPOCHS, -(-FEWEST_STEPS // steps)))


def _probes(development: Development, recipe: Recipe, seed: int, number: int) -> Float[Tensor, "n d"]:
    preparation = prepare(development, seed, recipe.train_fraction)
    order = torch.randperm(len(preparation.train), generator=generator(seed, "affinity"))
    index = preparation.train[order[:number]]
    return BatchLoader(development.examples, [preparation]).inputs(index.view(1, 1, -1))[0, 0]


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
