"""The demo set: what its docstring claims, read off the data and off a few short trainings."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.data.task_set import Examples
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.tasks.demo import HALF, NUM_EXAMPLES, NUM_TEST, Demo
from mtl_core.training.evaluation import score_examples_on
from mtl_core.training.trainer import fit


def linear_skill(inputs: Tensor, targets: Tensor) -> Tensor:
    """R² of the least-squares fit with an intercept, by task."""
    design = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
    residual = targets - design @ torch.linalg.lstsq(design, targets).solution
    return 1 - residual.var(0) / targets.var(0)


def test_sizes_names_and_the_planted_task() -> None:
    task_set = Demo().build()
    assert (len(task_set.development.examples), len(task_set.test)) == (NUM_EXAMPLES, NUM_TEST)
    assert task_set.truth["odd"] == task_set.tasks[-1].name == "odd"
    assert len(task_set.tasks) == 5


def test_without_the_odd_task_the_related_ones_are_the_same_to_the_bit() -> None:
    whole, rest = Demo().build(), Demo(odd=False).build()
    assert torch.equal(whole.test.targets[:, :4], rest.test.targets)
    assert torch.equal(whole.development.examples.inputs, rest.development.examples.inputs)
    assert rest.truth["odd"] is None
    assert len(rest.tasks) == 4
    assert whole.name != rest.name
    assert whole.fingerprint() != rest.fingerprint()


def test_related_tasks_correlate_as_far_as_their_noise_lets_them_and_the_odd_one_with_none() -> None:
    truth = Demo().build().truth
    correlation = torch.tensor(truth["label_correlation"])
    related = correlation[:4, :4][~torch.eye(4, dtype=torch.bool)]
    assert (related - 1 / (1 + 0.8**2)).abs().max() < 0.06
    assert correlation[4, :4].abs().max() < 0.06
    assert truth["best_skill"]["related a"] == pytest.approx(1 / 1.64)
    assert truth["best_skill"]["odd"] > 0.98


def test_related_tasks_read_one_half_of_the_inputs_and_the_odd_one_has_no_linear_part() -> None:
    test = Demo().build().test
    first, second = (linear_skill(half, test.targets) for half in (test.inputs[:, :HALF], test.inputs[:, HALF:]))
    assert first[:4].min() > 0.45
    assert second[:4].max() < 0.02
    assert max(first[4], second[4]) < 0.02
    bumps = linear_skill(test.inputs[:, HALF:] ** 2, test.targets)
    assert bumps[4] > 0.3
    assert bumps[:4].max() < 0.02


def test_the_fingerprint_follows_the_seed() -> None:
    first, again, other = (Demo(seed=seed).build().fingerprint() for seed in (0, 0, 1))
    assert first == again != other


def skills(sharing: str, depth: int | None, *names: str, seed: int) -> Tensor:
    """Test skill in points ``[replica, task]`` of 10 replicas of width 16 at a middling draw."""
    task_set = Demo(seed=seed).build()
    columns = [[task.name for task in task_set.tasks].index(name) for name in names]
    development = task_set.development.only(*names)
    recipe = Recipe(sharing=sharing, depth=depth, stages=2, width=16, epochs=30, batch_size=64)
    settings = {"learning_rate": 0.0075, "weight_decay": 1e-4, "dropout": 0.2}
    rows = [ReplicaConfig(f"seed {replica}", 2000 + replica, settings) for replica in range(10)]
    outcomes = fit(recipe, development, rows)
    test = Examples(task_set.test.inputs, task_set.test.targets[:, columns])
    parameters = torch.stack([outcome.selected for outcome in outcomes])
    scores = score_examples_on(recipe, development, test, rows, parameters)
    return 100 * torch.stack([torch.as_tensor(score.test_skill) for score in scores])


@pytest.mark.parametrize("seed", [0, 1])
def test_sharing_everything_costs_the_odd_task_dearly_and_no_other(seed: int) -> None:
    names = [task.name for task in Demo(seed=seed).build().tasks]
    alone = torch.cat([skills("single_task", None, name, seed=seed) for name in names], dim=1)
    gain = skills("hard", 2, *names, seed=seed) - alone
    error = gain.std(0) / len(gain) ** 0.5
    assert gain[:, -1].mean() + 4 * error[-1] < -5
    assert gain[:, :-1].mean() > 0
    assert gain[:, :-1].mean(0).min() > -0.5
