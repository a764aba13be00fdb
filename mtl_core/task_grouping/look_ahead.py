"""Look-ahead affinity: how far one task's step on what all share lowers the losses of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.preprocessing import Preparation, prepare
from mtl_core.data.probe_batch import probe_batch
from mtl_core.data.task_set import Development
from mtl_core.gradients.batch_losses import BatchLosses
from mtl_core.gradients.task_gradients import task_gradients
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.network.network import Network
from mtl_core.network.replica_state import ReplicaState
from mtl_core.network.shared_parameters import SharedParameters, shared_stages
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.trainer import fit

STEP = 1e-2
"""Size of the step that looks ahead, in units of the gradient."""


def look_ahead_affinities(
    recipe: Recipe, development: Development, seeds: Sequence[int], epochs: int, hyperparameters: Mapping[str, Any]
) -> Float[np.ndarray, "l t t"] | None:
    """Return the affinity of the tasks at each of l stages, from networks that share all stages; 1 with itself.

    With Z_ij = 1 − L_j(θ − η ∇_l L_i) / L_j(θ), the share by which a step of task i along its gradient on stage l
    lowers the loss of task j on the same examples, averaged over epochs and seeds, the affinity is
    ½ (Z_ij / Z_jj + Z_ji / Z_ii): the lowering as a share of what the task's own step achieves.

    Source: C. Fifty, E. Amid, Z. Zhao, T. Yu, R. Anil & C. Finn, "Efficiently identifying task groupings for multi-task
    learning", NeurIPS 2021 (inter-task affinity, task affinity groupings).

    Differs from the paper: the step is along one stage alone, for a tree asks stage by stage; it is looked ahead at the
    end of every epoch on a batch that stays the same, not in every step; division by the task's own Z makes affinities
    of several tasks comparable, which the paper adds up as they are.

    Args:
        recipe: recipe of the study; its architecture and its weighting method are replaced.
        development: the examples to train on, with their tasks.
        seeds: of the networks.
        epochs: number of epochs of their training.
        hyperparameters: of their training.

    Returns:
        ``None`` if all networks diverge.
    """
    hard = replace(
        recipe, sharing="hard", depth=recipe.stages, sharing_options={}, weighting="equal", weighting_options={},
        epochs=epochs, patience=None, precision="float32",
    )  # fmt: skip
    network, states = Network(hard, development.tasks, development.shape), dict[str, ReplicaState]()
    rows = [ReplicaConfig(str(number), seed, hyperparameters) for number, seed in enumerate(seeds)]
    ahead = [LookAhead(network, development, prepare(development, seed, hard.train_fraction), seed) for seed in seeds]
    found = []
    for epoch in range(1, epochs + 1):
        outcomes = fit(hard, development, rows, until=epoch, states=states)
        states = {outcome.key: outcome.state for outcome in outcomes}
        for one, outcome in zip(ahead, outcomes, strict=True):
            if outcome.status != "diverged":
                found.append(one.lowering(outcome.state["parameters"]))
    return normalised(np.mean(found, axis=0)) if found else None


def normalised(lowering: Float[np.ndarray, "l i j"]) -> Float[np.ndarray, "l t t"]:
    """Return symmetric affinities, 1 on the diagonal; 0 with a task whose own step does not lower its loss."""
    own = np.diagonal(lowering, axis1=1, axis2=2)[:, None, :]
    share = np.where(own > 0, lowering / np.where(own > 0, own, 1.0), 0.0)
    affinity = (share + share.transpose(0, 2, 1)) / 2
    for stage in affinity:
        np.fill_diagonal(stage, 1.0)
    return affinity


class LookAhead:
    """Steps of one task at a time on a batch of training examples of one replica.

    Args:
        network: a network of the architecture ``hard`` that shares all stages.
        development: the examples, with their tasks.
        preparation: split and preprocessing of the replica's seed.
        seed: of the replica.
        examples: number of examples, of each task where these have inputs of their own.
    """

    def __init__(
        self,
        network: Network,
        development: Development,
        preparation: Preparation,
        seed: int,
        examples: int = 128,
    ) -> None:
        self._network, self._tasks = network, len(network.tasks)
        self._loader = BatchLoader(development.examples, [preparation] * max(2, self._tasks))
        index, real = probe_batch(development, preparation, seed, examples)
        self._index, self._real = index[:1], real[:1]
        places = network.layout.shared.nonzero().squeeze(1)
        self._stages = [places[among] for among in shared_stages(network.layout).values()]
        self._among = list(shared_stages(network.layout).values())

    def lowering(self, parameters: Float[Tensor, " p"], step: float = STEP) -> Float[np.ndarray, "l i j"]:
        """Return by which share of its loss a step of task i on a stage lowers the loss of task j.

        Args:
            parameters: packed parameters of the replica.
            step: size η of the step.
        """
        layout, rows = self._network.layout, max(2, self._tasks)
        theta = layout.theta(layout.unpack(parameters.expand(rows, -1)))
        index = self._index.expand(rows, -1, -1)
        losses_of = partial(BatchLosses(self._loader, index, self._real).of, self._network)
        backward = task_gradients(
            self._network, theta, self._loader.inputs(index), ForwardContext(), losses_of, SharedParameters(layout)
        )
        before, gradients = backward.losses[0].double(), backward.jacobian[0]
        found = []
        for stage, among in zip(self._stages, self._among, strict=True):
            moved = parameters.repeat(rows, 1)
            moved[: self._tasks, stage] -= step * gradients[:, among]
            with torch.no_grad():
                after = losses_of(self._outputs(layout.theta(layout.unpack(moved)), index))
            ratio = after[: self._tasks].double() / torch.where(before > 0, before, torch.nan)
            found.append((1 - ratio).nan_to_num(0.0).numpy())
        return np.stack(found)

    def _outputs(self, theta: Theta, index: Int[Tensor, "r g b"]) -> list[Tensor]:
        return self._network(theta, self._loader.inputs(index), EVALUATION)
