"""A label of weight 0 trains nothing and is no label there: whatever would read it, the bits are those without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mtl_core.data.batch_sampler import steps_per_epoch
from mtl_core.data.needed_labels import needed_labels
from mtl_core.data.preprocessing import prepare
from mtl_core.data.stacked_tasks import alike
from mtl_core.data.target_columns import only_counted
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.testing.small_tasks import ALIKE, MIXED, small_tasks
from mtl_core.training.trainer import fit

RECIPE = Recipe(epochs=3, batch_size=4, sharing="hard", depth=1, stages=2, width=8)


def both(
    names: tuple[str, ...] = MIXED[:3], *, own_inputs: bool = False, balanced: bool = False
) -> tuple[Development, Development]:
    """A pool whose labels mostly weigh 0 in its first two tasks, and the same pool without these labels."""
    data = small_tasks(names, own_inputs=own_inputs)
    if balanced:
        tasks = tuple(replace(task, class_weight="balanced" if task.has_classes else None) for task in data.tasks)
        data = replace(data, tasks=tasks)
    chance = torch.Generator().manual_seed(3)
    weights = torch.ones(len(data.examples), 3)
    weights[torch.rand(weights.shape, generator=chance) < torch.tensor([0.85, 0.5, 0.0])] = 0
    without = torch.where(weights > 0, data.examples.targets, torch.nan)
    heavy = replace(data, examples=replace(data.examples, weights=weights))
    return heavy, replace(data, examples=replace(data.examples, targets=without))


def trained(recipe: Recipe, data: Development, task: str | None = None) -> tuple[torch.Tensor, np.ndarray]:
    row = ReplicaConfig("only", 0, {"learning_rate": 0.01, "weight_decay": 0.0}, task=task)
    (outcome,) = fit(recipe, data, [row])
    return outcome.state["parameters"], outcome.num_train


@pytest.mark.parametrize("own_inputs", [False, True])
@pytest.mark.parametrize("weighting", ["equal", "uw_so", "geometric", "famo", "mgda", "stch", "gradvac"])
def test_a_label_of_weight_0_trains_like_no_label(weighting: str, own_inputs: bool) -> None:
    recipe, (heavy, without) = replace(RECIPE, weighting=weighting), both(own_inputs=own_inputs)
    (parameters, counts), (expected, wanted) = (trained(recipe, each) for each in (heavy, without))
    assert torch.equal(parameters, expected)
    assert counts.tolist() == wanted.tolist() == prepare(heavy, 0).num_train.tolist()


def test_it_does_so_in_balanced_classes_and_where_tasks_are_sampled_by_their_labels() -> None:
    for recipe in (RECIPE, replace(RECIPE, tasks_per_step=1, sampling="proportional")):
        heavy, without = both(balanced=True, own_inputs=recipe.tasks_per_step is not None)
        assert torch.equal(trained(recipe, heavy)[0], trained(recipe, without)[0])


def test_it_does_so_in_a_task_that_is_trained_alone() -> None:
    recipe = replace(RECIPE, sharing="single_task", depth=None)
    heavy, without = both()
    assert torch.equal(trained(recipe, heavy, "price")[0], trained(recipe, without, "price")[0])
    same, _ = both(ALIKE)
    one_step = replace(recipe, batch_size=200)
    assert alike(one_step, same, ALIKE) == [ALIKE[:2], ALIKE[2:]]  # every label of the last counts


def test_steps_and_splits_count_labels_of_a_weight_above_0() -> None:
    heavy, without = both(own_inputs=True)
    assert heavy.epoch == without.epoch
    assert steps_per_epoch(RECIPE, heavy) == steps_per_epoch(RECIPE, without)
    assert torch.equal(heavy.labels_of_pool, without.labels_of_pool)
    weights = torch.zeros(60, 1)
    weights[:2] = 1
    pool = Examples(torch.randn(60, 2), torch.randn(60, 1), weights=weights)
    data = Development((Task("a", "regression", "mse"),), pool, torch.ones(2, dtype=torch.bool))
    for seed in range(20):  # one of the two that count is on either side
        prepared = prepare(data, seed)
        assert prepared.num_train.tolist() == [len(prepared.train)] == [1]
        assert prepared.trivial_loss.isfinite().all()


def test_metrics_judge_it_all_the_same() -> None:
    heavy, without = both()
    prepared, other = prepare(heavy, 0), prepare(without, 0)
    assert (prepared.num_validation[:2] > other.num_validation[:2]).all()
    assert not torch.equal(prepared.trivial_metric, other.trivial_metric)
    torch.testing.assert_close(prepared.trivial_loss, other.trivial_loss)


def test_targets_are_left_as_they_are_where_all_count() -> None:
    tasks = (Task("v", "regression", "mse", num_targets=2), Task("b", "binary", "auroc", 2))
    targets, weights = torch.zeros(4, 3), torch.ones(4, 2)
    targets[0, 2] = 1
    assert only_counted(tasks, targets, weights) is targets
    weights[0] = torch.tensor([0.0, 1.0])
    assert only_counted(tasks, targets, weights).isnan().nonzero().tolist() == [[0, 0], [0, 1]]
    assert needed_labels(tasks, targets).sum(dim=0).tolist() == [4, 4, 1]
