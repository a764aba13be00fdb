"""Probe batches: training examples, two halves without a common one, the same for a seed."""

from __future__ import annotations

import torch

from mtl_core.data.preprocessing import prepare
from mtl_core.data.probe_batch import probe_batch
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
