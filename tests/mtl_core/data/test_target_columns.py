"""A task whose target is a vector: its columns, its label, its loss and its skill."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.losses import example_losses
from mtl_core.data.metrics import metric_named
from mtl_core.data.preprocessing import prepare, skill
from mtl_core.data.target_columns import columns_of, columns_of_only, labels, targets_of
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.network.export import export
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.evaluation import score_examples_on
from mtl_core.training.trainer import fit

SINGLE, VECTOR, CLASS = (
    Task("y", "regression", "mse"),
    Task("v", "regression", "mse", num_targets=3),
    Task("c", "multiclass", "accuracy", 4),
)
TASKS = (SINGLE, VECTOR, CLASS)


def world(own_inputs: bool = False, missing: bool = False, tasks: tuple[Task, ...] = TASKS) -> Development:
    """300 examples; the vector's numbers have deviations 10, 1 and 0.1, and the last is constant where it is asked."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(300, 6, generator=random)
    vector = torch.tanh(x[:, :3]) * torch.tensor([10.0, 1.0, 0.1]) + torch.tensor([5.0, 0.0, -3.0])
    classes = (x[:, :2] > 0).float() @ torch.tensor([1.0, 2.0])
    columns = {"y": x[:, 3:4] + 1, "v": vector, "c": classes[:, None]}
    targets = torch.cat([columns[task.name] for task in tasks], dim=1)
    if missing:
        targets[::5, 2] = torch.nan  # one number of the vector
        targets[1::5, 4] = torch.nan
    if own_inputs:
        owner = torch.arange(300) % len(tasks)
        for place, mine in enumerate(columns_of(tasks)):
            targets[:, mine.start : mine.stop][owner != place] = torch.nan
    return Development(tasks, Examples(x, targets), torch.ones(6, dtype=torch.bool), own_inputs=own_inputs)


def test_columns_stand_side_by_side_and_follow_the_names_asked_for() -> None:
    assert columns_of(TASKS) == [range(0, 1), range(1, 4), range(4, 5)]
    assert columns_of_only(TASKS, ["c", "v"]) == [4, 1, 2, 3]
    targets = torch.arange(10.0).view(2, 5)
    assert [targets_of(targets, mine).shape for mine in columns_of(TASKS)] == [(2,), (2, 3), (2,)]
    view = world().only("c", "v")
    assert [task.name for task in view.tasks] == ["c", "v"]
    assert torch.equal(view.examples.targets, world().examples.targets[:, [4, 1, 2, 3]])


def test_a_vector_of_which_a_number_is_missing_is_no_label() -> None:
    targets = torch.zeros(4, 5)
    targets[1, 2], targets[2, 0], targets[3] = torch.nan, torch.nan, torch.nan
    expected = [[True, True, True], [True, False, True], [False, True, True], [False, False, False]]
    assert labels(TASKS, targets).tolist() == expected
    assert labels(TASKS, targets.T[None].expand(2, -1, -1), dim=1)[1].T.tolist() == expected


def test_loss_and_metric_are_means_over_the_numbers() -> None:
    outputs, targets = torch.randn(2, 1, 3, 7), torch.randn(2, 1, 3, 7)
    squares = (outputs - targets).square()
    torch.testing.assert_close(example_losses("regression", outputs, targets), squares.sum(dim=2) / 3)
    torch.testing.assert_close(metric_named("mse").keep(VECTOR, outputs, targets)[:, :, 0], squares.sum(dim=2) / 3)
    absolute = metric_named("mae").keep(replace(VECTOR, metric="mae"), outputs, targets)[:, :, 0]
    torch.testing.assert_close(absolute, (outputs - targets).abs().sum(dim=2) / 3)


def test_one_scale_for_all_numbers_so_that_predicting_the_mean_has_loss_one() -> None:
    data = world()
    data = Development(data.tasks, data.examples, data.standardise, validation_share=0.5)
    prepared = prepare(data, 0)
    mine = data.examples.targets[prepared.train, 1:4].double()
    assert torch.allclose(prepared.target_shift[1:4].double(), mine.mean(0))
    assert torch.allclose(prepared.target_scale[1:4].double(), mine.var(0, correction=0).mean().rsqrt())
    assert prepared.constants[1].loss(mine.float()) == pytest.approx(1, rel=1e-5)
    assert prepared.constants[1].metric(mine.float()) == pytest.approx(mine.var(0, correction=0).mean().item())
    still = torch.where(torch.arange(5) == 1, 7.0, data.examples.targets)
    one_constant = prepare(replace(data, examples=replace(data.examples, targets=still)), 0)
    share = one_constant.target_scale[1:4].double().square() * mine[:, 1:].var(0, correction=0).sum() / 3
    assert torch.allclose(share, torch.ones(3, dtype=torch.float64)), "a number that never varies is part of the mean"


def test_the_constant_for_absolute_error_is_the_median_of_every_number() -> None:
    tasks = (SINGLE, replace(VECTOR, metric="mae"), CLASS)
    prepared = prepare(world(tasks=tasks), 0)
    mine = world().examples.targets[prepared.train, 1:4]
    assert torch.equal(prepared.constants[1].for_metric, mine.median(dim=0).values)


@pytest.mark.parametrize("own_inputs", [False, True])
def test_a_batch_holds_every_tasks_own_numbers(own_inputs: bool) -> None:
    data = world(own_inputs, missing=not own_inputs)
    prepared = prepare(data, 0)
    loader = BatchLoader(data.examples, [prepared, prepared])
    index = torch.randint(300, (2, 3 if own_inputs else 1, 11))
    raw, (standard, labelled) = loader.raw_targets(index), loader.targets(index)
    assert labelled is not None
    for place, mine in enumerate(columns_of(TASKS)):
        rows = index[:, place if own_inputs else 0]
        for column in mine:
            assert torch.equal(raw[:, column].nan_to_num(9), data.examples.targets[rows, column].nan_to_num(9))
            back = standard[:, column] / prepared.target_scale[column] + prepared.target_shift[column]
            here = labelled[:, place]
            torch.testing.assert_close(back[here], raw[:, column][here], atol=1e-4, rtol=1e-4)
        assert torch.equal(labelled[:, place], data.labels[rows, place])
    assert not standard.isnan().any()


def trained(data: Development, num: int = 3, **changes: object) -> list:
    rows = [
        ReplicaConfig(f"{i}", i, {"learning_rate": 0.01 * (1 + i), "weight_decay": 0.0, "dropout": 0.1})
        for i in range(num)
    ]
    recipe = Recipe(**({"sharing": "hard", "depth": 1, "stages": 2, "width": 16, "epochs": 8} | changes))  # pyright: ignore
    return fit(recipe, data, rows)


def test_fused_or_alone_the_numbers_are_the_same() -> None:
    together = trained(world(missing=True), 4)
    alone = trained(world(missing=True), 1)[0]
    assert torch.equal(together[0].selected, alone.selected)
    assert np.array_equal(together[0].curves["validation_loss"], alone.curves["validation_loss"])


@pytest.mark.parametrize("weighting", ["uncertainty", "mgda", "graddrop"])
def test_skill_is_the_variance_explained_and_every_kind_of_weighting_trains_it(weighting: str) -> None:
    data = world()
    recipe = Recipe(sharing="hard", depth=1, stages=2, width=16, epochs=25, weighting=weighting)
    row = ReplicaConfig("0", 0, {"learning_rate": 0.02, "weight_decay": 0.0, "dropout": 0.0})
    outcome = fit(recipe, data, [row])[0]
    test = Examples(data.examples.inputs[:120], data.examples.targets[:120])
    score = next(iter(score_examples_on(recipe, data, test, [row], outcome.selected[None])))
    module = export(recipe, data, 0, outcome.selected)
    predicted = module(test.inputs)["v"].detach()
    assert predicted.shape == (120, 3)
    error = (predicted - test.targets[:, 1:4]).double().square().mean()
    torch.testing.assert_close(torch.as_tensor(score.test_metric[1]).double(), error, rtol=1e-4, atol=1e-6)
    about_mean = (test.targets[:, 1:4] - prepare(data, 0).target_shift[1:4]).double().square().mean()
    assert score.test_skill[1] == pytest.approx(1 - (error / about_mean).item(), abs=1e-4)
    assert score.test_skill[1] > 0.8
    assert score.example_scores.shape == (3, 120)


def test_missing_vectors_are_nan_where_a_replica_is_scored() -> None:
    data = world(missing=True)
    recipe = Recipe(sharing="hard", depth=1, stages=2, width=16, epochs=8)
    row = ReplicaConfig("0", 0, {"learning_rate": 0.01, "weight_decay": 0.0, "dropout": 0.1})
    selected: Tensor = fit(recipe, data, [row])[0].selected
    score = next(iter(score_examples_on(recipe, data, data.examples, [row], selected[None])))
    assert np.array_equal(np.isnan(score.example_scores).T, ~data.labels.numpy())
    assert np.isfinite(score.test_skill).all()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="2 targets do not fit a binary task"):
        Task("b", "binary", "accuracy", 2, num_targets=2)
    data = world()
    with pytest.raises(ValueError, match="4 targets, the examples 5 columns"):
        Development((VECTOR, CLASS), data.examples, data.standardise)


def test_a_perfect_vector_has_skill_one_and_the_mean_has_none() -> None:
    trivial = torch.tensor([[4.0]])
    assert skill((VECTOR,), torch.tensor([[0.0]]), trivial).item() == 1
    assert skill((VECTOR,), trivial, trivial).item() == 0
