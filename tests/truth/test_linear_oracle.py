"""Linear networks share by a closed form, and the trained engine must find it.

With common inputs X, hard sharing of one linear stage of r units with weights a minimises Σ_i a_i ‖X B A_i − y_i‖²,
whose optimum is the best rank-r truncation of (P_X Y) diag(√a), columns divided by √a_i.

Source: S. Wu, H. Zhang & C. Ré, "Understanding and improving information transfer in multi-task learning", ICLR 2020.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from mtl_core.data.preprocessing import prepare
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.network.network import Network
from mtl_core.network.replica_state import ReplicaState
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.fused_array import FusedArray, fresh_state

pytestmark = pytest.mark.usefixtures("double")

TASKS = tuple(Task(name, "regression", "mse") for name in ("a", "b", "c", "d"))
WEIGHTS = {"equal": np.full(4, 0.25), "tilted": np.array([0.55, 0.25, 0.15, 0.05])}
SEEDS = (0, 1)
STEPS = 400


def world() -> Development:
    """Four targets of rank three and noise on six inputs; half the pool trains, so that all of it is probed."""
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(160, 6, generator=generator)
    directions = torch.randn(6, 3, generator=generator) @ torch.tensor(
        [[1.0, 0.9, -0.4, 0.2], [0.0, 0.5, 0.9, 0.3], [0.1, 0.0, 0.3, 1.2]]
    )
    y = x @ directions + 0.7 * torch.randn(160, 4, generator=generator)
    return Development(TASKS, Examples(x, y), torch.ones(6, dtype=torch.bool), validation_share=0.5)


def whitened(data: Development, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of the training split as the engine standardises them: centred, so that biases rest at 0."""
    prepared = prepare(data, seed)
    x = (data.examples.inputs - prepared.input_shift) * prepared.input_scale
    y = (data.examples.targets - prepared.target_shift) * prepared.target_scale
    return x[prepared.train].numpy(), y[prepared.train].numpy()


def closed_form(x: np.ndarray, y: np.ndarray, weights: np.ndarray, rank: int) -> np.ndarray:
    """Training loss of every task at the optimum."""
    projected = x @ np.linalg.lstsq(x, y, rcond=None)[0]
    left, strengths, right = np.linalg.svd(projected * np.sqrt(weights), full_matrices=False)
    truncated = (left[:, :rank] * strengths[:rank]) @ right[:rank] / np.sqrt(weights)
    return ((truncated - y) ** 2).mean(axis=0)


@cache
def trained(sharing: str, width: int, weights: str) -> list[ReplicaState]:
    """Gradient descent on the whole training split, evaluated once, at the end."""
    data = world()
    recipe = Recipe(
        sharing=sharing,
        depth=1 if sharing == "hard" else None,
        stages=1,
        width=width,
        weighting="fixed",
        optimiser="sgd",
        schedule="constant",
        batch_size=80,
        epochs=1,
        backbone_options={"activation": "identity"},
    )
    settings = {"learning_rate": 0.1, "weight_decay": 0.0, "weights": tuple(WEIGHTS[weights])}
    rows = [ReplicaConfig(f"seed {seed}", seed, settings) for seed in SEEDS]
    network = Network(recipe, TASKS, data.shape)
    begun = [fresh_state(recipe, network, row) for row in rows]
    array = FusedArray(recipe, data, network, rows, begun, [prepare(data, seed) for seed in SEEDS])
    for _ in range(STEPS):
        array.train_epoch()
    array.advance()
    return array.states()


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("rank", [1, 2, 4])
def test_hard_sharing_finds_the_best_truncation(rank: int, weights: str) -> None:
    for state, seed in zip(trained("hard", rank, weights), SEEDS, strict=True):
        expected = closed_form(*whitened(world(), seed), WEIGHTS[weights], rank)
        np.testing.assert_allclose(state["train_loss"][0], expected, rtol=2e-3)


def test_below_the_rank_somebody_pays_and_the_weights_say_who() -> None:
    alone = closed_form(*whitened(world(), 0), WEIGHTS["equal"], rank=4)
    losses = {name: trained("hard", 1, name)[0]["train_loss"][0].numpy() for name in WEIGHTS}
    for found in losses.values():
        assert (found >= alone * 0.999).all()
        assert (found - alone).max() > 0.2
    assert losses["tilted"][0] < losses["equal"][0] - 0.01, "the heavier task should be served better"


def test_from_the_rank_on_sharing_transfers_nothing() -> None:
    """Enough units: every task gets its own least-squares fit, as if it were alone."""
    shared, independent = (trained(sharing, 4, "equal") for sharing in ("hard", "independent"))
    for one, other, seed in zip(shared, independent, SEEDS, strict=True):
        x, y = whitened(world(), seed)
        least_squares = ((x @ np.linalg.lstsq(x, y, rcond=None)[0] - y) ** 2).mean(axis=0)
        for state in (one, other):
            np.testing.assert_allclose(state["train_loss"][0], least_squares, rtol=1e-3)
        np.testing.assert_allclose(one["validation_loss"][0], other["validation_loss"][0], rtol=1e-2)
