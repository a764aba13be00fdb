"""Probe batches: training examples, two halves without a common one, the same for a seed."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.preprocessing import prepare
from mtl_core.data.probe_batch import probe_batch
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.trainer import fit
from tests.mtl_core.worlds import development, own_inputs


def test_halves_are_training_examples_and_have_none_in_common() -> None:
    data = development()
    for seed in (0, 1):
        preparation = prepare(data, seed)
        index, real = probe_batch(data, preparation, seed, 40)
        assert real.all()
        drawn = index.flatten().tolist()
        assert len(set(drawn)) == len(drawn) == 80
        assert set(drawn) <= set(preparation.train.tolist())
        assert torch.equal(index, probe_batch(data, preparation, seed, 40)[0])
    assert not torch.equal(index, probe_batch(data, preparation, 0, 40)[0])


def test_a_small_split_is_cut_in_two_and_padded() -> None:
    data = development(examples=21)
    preparation = prepare(data, 0)
    assert len(preparation.train) % 2 == 1
    index, real = probe_batch(data, preparation, 0, 64)
    assert index.shape == real.shape == (2, 1, 64)
    counts = real.sum(dim=2).flatten().tolist()
    assert counts == [len(preparation.train) // 2 + 1, len(preparation.train) // 2]
    assert sorted(index[real].tolist()) == sorted(preparation.train.tolist())


def test_tasks_with_inputs_of_their_own_have_batches_of_their_own() -> None:
    data = own_inputs()
    preparation = prepare(data, 3)
    index, real = probe_batch(data, preparation, 3, 30)
    labels = ~data.examples.targets.isnan()
    for place in range(3):
        mine = index[:, place][real[:, place]]
        assert len(mine) == min(60, int(labels[preparation.train, place].sum()))
        assert labels[mine, place].all()


@pytest.mark.parametrize("first", ["number", "vector"])
def test_a_vector_of_targets_is_one_task_with_inputs_of_its_own(first: str) -> None:
    sizes = {"number": 1, "vector": 3} if first == "number" else {"vector": 3, "number": 1}
    tasks = tuple(Task(name, "regression", "mse", num_targets=size) for name, size in sizes.items())
    chance = torch.Generator().manual_seed(0)
    targets = torch.randn(60, 4, generator=chance)
    width = tasks[0].num_targets
    targets[:30, width:], targets[30:, :width] = torch.nan, torch.nan
    pool = Examples(
        torch.randn(60, 5, generator=chance), targets, weights=(torch.arange(120).view(60, 2) % 5 > 0).float()
    )
    data = Development(tasks, pool, torch.ones(5, dtype=torch.bool), own_inputs=True)
    index, real = probe_batch(data, prepare(data, 0), 0, 40)
    assert index.shape == (2, 2, 40)
    for place in range(2):
        assert data.labels_in_loss[index[:, place][real[:, place]], place].all()
    recipe = Recipe(sharing="hard", depth=1, stages=2, width=8, epochs=2, batch_size=8, probes=2)
    (outcome,) = fit(recipe, data, [ReplicaConfig("only", 0, {"learning_rate": 0.003, "weight_decay": 0.0})])
    assert outcome.state["conflict.norm"].isfinite().all()
