"""Which examples and which tasks a step sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from mtl_core.data.batch_sampler import BatchSampler, steps_per_epoch
from mtl_core.data.preprocessing import prepare
from mtl_core.data.task_set import Development
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.trainer import fit
from tests.mtl_core.worlds import development, own_inputs

SEEDS = (0, 1)


def batches(data: Development, seeds: Sequence[int] = SEEDS, **settings: Any) -> BatchSampler:
    recipe = Recipe(**({"batch_size": 16} | settings))
    return BatchSampler(recipe, data, [prepare(data, seed) for seed in seeds], seeds)


def test_steps_per_epoch_cover_the_training_split_once() -> None:
    def steps(data: Development, batch_size: int, **settings: Any) -> int:
        return steps_per_epoch(Recipe(batch_size=batch_size, **settings), data)

    data = development(missing=0.5)
    labelled = int((~data.examples.targets.isnan()).any(dim=1).sum())
    assert steps(development(), 32) == 8  # 240 examples
    assert steps(development(), 240) == 1
    assert steps(development(), 239) == 2
    assert steps(development(), 10_000) == 1
    assert steps(development(), 32, train_fraction=0.5) == 4
    assert steps(data, 1) == round(0.8 * labelled)
    own = own_inputs(sizes=(300, 100, 50))  # 360 of 450 train
    assert steps(own, 10) == 12
    assert steps(own, 10, tasks_per_step=1) == 36
    assert [steps(own.only(task.name), 10) for task in own.tasks] == [12, 12, 12]
    names = [task.name for task in own.tasks]
    assert steps(own.only(*names[:2]), 10) == steps(own.only(*names[:2]).only(names[1]), 10) == 12
    assert steps(own.only(*names[:2]), 10, tasks_per_step=1) == 24
    assert steps(own.only(names[0]), 10, train_fraction=0.5) == steps(own, 10, train_fraction=0.5) == 6


def test_common_inputs_are_permuted_and_begun_again() -> None:
    data = development()
    order = batches(data).order([0, 0])
    assert order.shape == (2, 15, 1, 16)
    for row, seed in enumerate(SEEDS):
        assert torch.equal(order[row].flatten().sort().values, prepare(data, seed).train)
    assert not torch.equal(order, batches(data).order([1, 1]))
    assert batches(data).present(order, [0, 0]) is None


@pytest.mark.parametrize("data", [development(), own_inputs(sizes=(300, 100, 20))], ids=["common", "own"])
def test_rows_of_one_seed_have_equal_orders_that_are_drawn_once(
    data: Development, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = prepare(data, 1), prepare(data, 2)
    sampler = BatchSampler(Recipe(batch_size=16), data, [one, other, one, one], [1, 2, 1, 1])
    alone = batches(data, [1, 2])
    expected, later = alone.order([0, 0]), alone.order([4, 4])
    drawn, permutation = [], torch.randperm
    monkeypatch.setattr(
        torch, "randperm", lambda *given, **options: drawn.append(given) or permutation(*given, **options)
    )
    order = sampler.order([0, 0, 0, 4])
    assert torch.equal(order, torch.stack([expected[0], expected[1], expected[0], later[0]]))
    assert len(drawn) == 3 * order.shape[2], "seed 1 in epochs 0 and 4, seed 2 in epoch 0"


def test_every_task_draws_from_its_own_examples_however_few() -> None:
    data = own_inputs(sizes=(300, 100, 20))
    order = batches(data).order([0, 3])
    assert order.shape[2:] == (3, 16)
    labels = ~data.examples.targets.isnan()
    for place in range(3):
        assert labels[order[:, :, place], place].all()
    small = order[0, :, 2].flatten()
    assert len(small.unique()) == int(labels[prepare(data, 0).train, 2].sum())


def test_a_task_alone_sees_the_batches_that_it_sees_beside_others() -> None:
    data = own_inputs(sizes=(100, 100, 100))
    together, alone = batches(data).order([2, 2]), batches(data.only("grade")).order([2, 2])
    examples = data.only("grade").examples
    assert torch.equal(data.examples.inputs[together[:, :, 2]], examples.inputs[alone[:, :, 0]])


def test_a_task_without_training_examples_is_absent() -> None:
    data = own_inputs(sizes=(60, 60, 1))
    seeds = range(12)
    sampler = batches(data, seeds)
    present = sampler.present(sampler.order([0] * 12), [0] * 12)
    trains = torch.stack([prepare(data, seed).num_train > 0 for seed in seeds])
    assert not trains.all(), "the one example should validate for one of the seeds: choose other ones"
    assert present is not None
    assert torch.equal(present[:, 0], trains)


def test_rows_that_do_not_train_reach_no_batch_statistic_in_the_place_of_an_absent_task() -> None:
    data = own_inputs(sizes=(60, 60, 30))
    validates = data.labels[:, 2].clone()  # the third task has no row to train on
    validates[:20] = True
    data, trained = replace(data, validates=validates), []
    order = batches(data).order([0, 0])
    assert not validates[order].any()
    recipe = Recipe(
        sharing="hard", depth=2, stages=2, width=8, epochs=2, batch_size=8, backbone_options={"norm": "batch"}
    )
    for factor in (1.0, 50.0):
        inputs = torch.where(validates[:, None], factor * data.examples.inputs, data.examples.inputs)
        pool = replace(data, examples=replace(data.examples, inputs=inputs))
        (outcome,) = fit(recipe, pool, [ReplicaConfig("only", 0, {"learning_rate": 0.01, "weight_decay": 0.0})])
        trained.append(outcome.state["parameters"])
    assert torch.equal(*trained)


@pytest.mark.parametrize("data", [development(("price", "sold", "grade", "colour")), own_inputs(sizes=(90,) * 4)])
@pytest.mark.parametrize("chosen", [1, 2, 3])
def test_a_step_samples_as_many_tasks_as_were_asked_for(data: Development, chosen: int) -> None:
    sampler = batches(data, tasks_per_step=chosen, batch_size=4)
    present = sampler.present(sampler.order([0, 1]), [0, 1])
    assert present is not None
    assert (present.sum(dim=2) == chosen).all()
    assert present.any(dim=1).all()
    assert not torch.equal(present[0], present[1])


def test_sampling_may_follow_the_sizes() -> None:
    data = own_inputs(sizes=(400, 100))
    shares = {}
    for sampling in ("uniform", "proportional", 2.0):
        sampler = batches(data, tasks_per_step=1, batch_size=1, sampling=sampling)
        epochs = [sampler.present(sampler.order([epoch] * 2), [epoch] * 2) for epoch in range(3)]
        shares[sampling] = torch.cat(epochs, dim=1).float().mean(dim=(0, 1))[0].item()
    # 400 : 100 labels; at temperature 2 the odds are 2 : 1
    assert shares["uniform"] == pytest.approx(1 / 2, abs=0.04)
    assert shares["proportional"] == pytest.approx(4 / 5, abs=0.04)
    assert shares[2.0] == pytest.approx(2 / 3, abs=0.04)


def test_the_tasks_of_a_step_do_not_depend_on_their_order() -> None:
    data = own_inputs(sizes=(90, 60, 30))
    turned = data.only("grade", "price", "sold")
    one, other = (batches(d, tasks_per_step=1, sampling="proportional") for d in (data, turned))
    first, second = one.present(one.order([0, 0]), [0, 0]), other.present(other.order([0, 0]), [0, 0])
    assert first is not None
    assert second is not None
    assert torch.equal(first[:, :, [2, 0, 1]], second)
