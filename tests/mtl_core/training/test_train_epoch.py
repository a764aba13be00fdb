"""One epoch of an array; tests/mtl_core/test_parity.py holds the whole training against a plain loop."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtl_core.data.batch_sampler import steps_per_epoch
from mtl_core.data.preprocessing import prepare
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.array_parts import ArrayParts, assemble
from mtl_core.training.fused_array import fresh_state
from mtl_core.training.train_epoch import EpochTrainer
from tests.mtl_core.worlds import development, rows

RECIPE = Recipe(depth=1, stages=2, width=8, batch_size=64, epochs=4)
DATA = development()


def parts_of(recipe: Recipe, chosen: list[ReplicaConfig]) -> ArrayParts:
    network = Network(recipe, DATA.tasks, DATA.shape)
    states = [fresh_state(recipe, network, row) for row in chosen]
    return assemble(recipe, DATA, network, chosen, states, [prepare(DATA, row.seed) for row in chosen])


@pytest.mark.parametrize(("scale", "weight"), [("matched", 1 / 3), ("native", 1.0)])
def test_the_mean_weight_of_each_task_is_returned(scale: str, weight: float) -> None:
    parts = parts_of(replace(RECIPE, scale=scale), rows(2))  # type: ignore[arg-type]
    torch.testing.assert_close(EpochTrainer(parts).train_epoch(), torch.full((2, 3), weight))


def test_every_step_of_an_epoch_updates_the_parameters_once() -> None:
    parts = parts_of(RECIPE, rows(2))
    EpochTrainer(parts).train_epoch()
    assert (parts.state["updates"] == steps_per_epoch(RECIPE, DATA)).all()


def test_a_learning_rate_of_zero_leaves_parameters_but_not_moments() -> None:
    parts = parts_of(RECIPE, rows(2, learning_rate=[0.0, 1e-2], weight_decay=0.0))
    before = [part.clone() for part in parts.parameters]
    trainer = EpochTrainer(parts)
    trainer.train_epoch()
    for old, new in zip(before, parts.parameters, strict=True):
        assert torch.equal(new[0], old[0])
        assert not torch.equal(new[1], old[1])
    assert trainer.moments()["first_moment"].any(dim=1).all()
