"""One epoch of an array; tests/mtl_core/test_parity.py holds the whole training against a plain loop."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtl_core.data.batch_sampler import steps_per_epoch
from mtl_core.data.preprocessing import prepare
from mtl_core.gradients.batch_passes import Batch
from mtl_core.gradients.step_gradient import StepGradient
from mtl_core.layers.bank import SHARED
from mtl_core.network.network import Network
from mtl_core.randomness.counter_based import Streams
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.array_parts import ArrayParts, assemble
from mtl_core.training.fused_array import fresh_state
from mtl_core.training.train_epoch import EpochTrainer
from mtl_core.weighting import State
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


def test_a_task_that_one_batch_of_a_step_lacks_is_not_stepped() -> None:
    """Its private parameters, their decay and moments stay, and its epoch's loss is of the other steps."""
    data = replace(DATA, examples=replace(DATA.examples, targets=DATA.examples.targets.clone()))
    data.examples.targets[torch.rand(len(data.examples), generator=torch.Generator().manual_seed(1)) < 0.95, 0] = (
        torch.nan
    )
    recipe = replace(RECIPE, weighting="modo", batch_size=12)
    network = Network(recipe, data.tasks, data.shape)
    chosen = rows(2, weight_decay=0.1, step_size=0.1)
    states = [fresh_state(recipe, network, row) for row in chosen]
    parts = assemble(recipe, data, network, chosen, states, [prepare(data, row.seed) for row in chosen])
    trainer, own = EpochTrainer(parts), [slot.name for slot in network.layout.trained].index("head.regression1.weight")
    epoch = trainer.begin()
    every_task = torch.ones(2, len(data.tasks), dtype=torch.bool)
    of_batches = torch.stack(
        [torch.stack([every_task if one is None else one for one in steps], dim=1) for steps in epoch.presents]
    )
    both = of_batches.all(dim=0)[:, :, 0]
    assert len(epoch.presents) == 2
    assert 0 < both.sum() < of_batches[0, :, :, 0].sum()
    for step in range(both.shape[1]):
        before, updates = parts.parameters[own].clone(), parts.state["updates"][:, 1].clone()
        trainer.step(epoch, step)
        moved = (parts.parameters[own] != before).any(dim=1)
        assert moved.equal(both[:, step])
        assert (parts.state["updates"][:, 1] - updates).equal(both[:, step].to(updates))
    assert epoch.sums.counts[:, 0].equal(both.sum(dim=1).to(epoch.sums.counts))


def test_every_pass_of_a_step_has_the_same_dropout_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A method that looks at the losses after the step looks at those of the same noise."""
    compared = []

    def observe(self: StepGradient, batch: Batch, memory: State, streams: Streams) -> None:
        masks = []
        for _ in range(2):
            noise = batch.context().noise
            assert noise is not None
            masks.append(noise(torch.ones(2, 1, 40), (SHARED,)))
        compared.append(torch.equal(*masks) and bool((masks[0] == 0).any()))

    monkeypatch.setattr(StepGradient, "observe_step", observe)
    trainer = EpochTrainer(parts_of(RECIPE, rows(2, dropout=0.5)))
    trainer.step(trainer.begin(), 0)
    assert compared == [True]
