"""Losses, metrics and skills, against scikit-learn and against what is known of constant and perfect predictions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from sklearn import metrics as oracle
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader, padded
from mtl_core.data.losses import example_losses
from mtl_core.data.metrics import metric_named, metrics_of_kind
from mtl_core.data.metrics.poisson_deviance import LEAST
from mtl_core.data.metrics.statistics.sums import CHUNK
from mtl_core.data.preprocessing import prepare, skill
from mtl_core.data.task import Kind, Metric, Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.network.network import Network
from mtl_core.recipe import Precision, Recipe, ReplicaConfig
from mtl_core.training.evaluation import evaluate, score_examples_on
from tests.mtl_core.worlds import TASKS, development

NAMES = tuple(TASKS)
KINDS: tuple[Kind, ...] = ("regression", "binary", "multiclass")
CASES: list[tuple[Kind, Metric]] = [(kind, metric) for kind in KINDS for metric in metrics_of_kind(kind)]
RECIPE = Recipe(depth=1, stages=2, width=8)
REGRESSION: dict[str, Callable[..., float]] = {
    "mse": oracle.mean_squared_error,
    "mae": oracle.mean_absolute_error,
    "rmse": oracle.root_mean_squared_error,
    "r2": oracle.r2_score,
    "spearman": lambda y, z: spearmanr(y, z)[0],
    "poisson_deviance": oracle.mean_poisson_deviance,
}
OF_SCORES: dict[str, Callable[..., float]] = {
    "auroc": oracle.roc_auc_score,
    "average_precision": oracle.average_precision_score,
}
OF_CLASSES: dict[str, Callable[..., float]] = {
    "accuracy": oracle.accuracy_score,
    "balanced_accuracy": oracle.balanced_accuracy_score,
    "mcc": oracle.matthews_corrcoef,
    "quadratic_kappa": partial(oracle.cohen_kappa_score, weights="quadratic"),
}


def task_of(kind: Kind, metric: Metric) -> Task:
    return Task(f"{kind} {metric}", kind, metric, {"regression": 1, "binary": 2, "multiclass": 4}[kind])


def judged_by_scikit_learn(task: Task, outputs: Tensor, targets: Tensor) -> float:
    """``outputs`` [k, b] and ``targets`` [b]."""
    y, z = targets.double().numpy(), outputs.double()
    if task.kind == "regression":
        numbers = z[0].clamp(min=LEAST).numpy() if task.metric == "poisson_deviance" else z[0].numpy()
        return REGRESSION[task.metric](y, numbers)
    logits = torch.stack([torch.zeros_like(z[0]), z[0]]) if task.kind == "binary" else z
    shares, labels = logits.softmax(dim=0).T.numpy(), list(range(task.num_classes))
    if task.metric == "log_loss":
        return oracle.log_loss(y, shares, labels=labels)
    if task.metric == "auroc" and task.kind == "multiclass":
        return oracle.roc_auc_score(y, shares, multi_class="ovr", average="macro", labels=labels)
    if task.metric in OF_SCORES:
        return OF_SCORES[task.metric](y, z[0].numpy())
    if task.metric in OF_CLASSES:
        return OF_CLASSES[task.metric](y, shares.argmax(axis=1))
    if task.metric == "f1":
        return oracle.f1_score(y, shares.argmax(axis=1), average="binary" if task.kind == "binary" else "macro")
    if task.kind == "binary":
        return oracle.brier_score_loss(y, shares[:, 1])
    return oracle.brier_score_loss(y, shares, labels=labels, scale_by_half=False)


def parameters_of(recipe: Recipe, data: Development, seeds: tuple[int, ...] = (0, 1)) -> tuple[Network, Tensor]:
    network = Network(recipe, data.tasks, data.shape)
    return network, 3 * network.layout.initialise(seeds)


def evaluated(network: Network, flat: Tensor, loader: BatchLoader, parts: list[Tensor]) -> tuple[Tensor, Tensor]:
    return evaluate(
        network, network.layout.theta(network.layout.unpack(flat)), loader, *padded([[part] for part in parts])
    )


@pytest.mark.parametrize(("kind", "metric"), CASES)
def test_metrics_are_those_of_scikit_learn(kind: Kind, metric: Metric) -> None:
    task, generator = task_of(kind, metric), torch.Generator().manual_seed(1)
    outputs = 2 * torch.randn(3, 2, task.num_outputs, 50, generator=generator)
    targets = torch.randint(task.num_classes, (3, 2, 50), generator=generator).float()
    targets = targets if kind != "regression" else torch.randn(3, 2, 50, generator=generator).abs()
    judge = metric_named(metric)
    kept = judge.keep(task, outputs, targets)
    assert kept.shape[:2] + kept.shape[3:] == targets.shape
    found = judge.value(task, kept, torch.ones(3, 2, 50, dtype=torch.bool))
    for row in range(3):
        for member in range(2):
            expected = judged_by_scikit_learn(task, outputs[row, member], targets[row, member])
            assert found[row, member].item() == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_the_loss_of_classes_is_the_log_loss(kind: Kind) -> None:
    task = task_of(kind, "log_loss")
    outputs = torch.randn(1, 1, task.num_outputs, 40, generator=torch.Generator().manual_seed(2))
    targets = torch.arange(40).view(1, 1, 40).remainder(task.num_classes).float()
    loss = example_losses(kind, outputs, targets).mean().item()
    assert loss == pytest.approx(judged_by_scikit_learn(task, outputs[0, 0], targets[0, 0]), rel=1e-5)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_losses_stay_finite_for_confident_mistakes(kind: Kind) -> None:
    task = task_of(kind, "log_loss")
    outputs = torch.full((1, 1, task.num_outputs, 1), 1e4)
    outputs[:, :, 1:] = -1e4
    wrong = torch.zeros(1, 1, 1) if kind == "binary" else torch.ones(1, 1, 1)
    assert example_losses(kind, outputs, wrong).item() == pytest.approx(1e4 if kind == "binary" else 2e4)


@pytest.mark.parametrize(("kind", "metric"), CASES)
def test_the_best_constant_has_skill_zero_and_a_perfect_prediction_one(kind: Kind, metric: Metric) -> None:
    """Trained or not: a network without stages whose head says a constant, then one that reads the truth off."""
    task = task_of(kind, metric)
    labels = torch.tensor([0.0, 1.0, 1.0, 3.0] * 25 if kind == "multiclass" else [0.0, 1.0, 1.0, 1.0] * 25)
    labels = 5 * labels + torch.linspace(0, 40, 100) if kind == "regression" else labels
    codes = labels[:, None] if kind == "regression" else torch.nn.functional.one_hot(labels.long()).float()
    data = Development((task,), Examples(codes, labels[:, None]), torch.full((codes.shape[1],), kind == "regression"))
    prepared = [prepare(data, seed) for seed in (0, 1)]
    loader = BatchLoader(data.examples, prepared)
    network = Network(Recipe(sharing="single_task", stages=0), data.tasks, data.shape)
    weight, bias = (torch.zeros(2, size) for size in network.layout.sizes)
    trivial = torch.stack([part.trivial_metric for part in prepared])

    def skill_of(weight: Tensor, bias: Tensor) -> Tensor:
        theta = network.layout.theta([weight, bias])
        _, metric = evaluate(network, theta, loader, *padded([[part.validation] for part in prepared]))
        return skill(data.tasks, metric, trivial)

    for row, part in enumerate(prepared):
        constant = part.constants[0].for_metric
        bias[row] = (constant - part.target_shift) * part.target_scale if kind == "regression" else constant
    torch.testing.assert_close(skill_of(weight, bias), torch.zeros(2, 1), rtol=0, atol=1e-5)
    truth = {
        "regression": torch.ones(1),
        "binary": torch.tensor([-1e3, 1e3]),
        "multiclass": 1e3 * torch.eye(4).flatten(),
    }
    torch.testing.assert_close(skill_of(truth[kind].expand(2, -1), 0 * bias), torch.ones(2, 1), rtol=0, atol=2e-5)


def test_skill_is_linear_between_the_constant_and_perfection_and_unknown_without_room() -> None:
    tasks = (task_of("binary", "accuracy"), task_of("regression", "mse"), task_of("binary", "accuracy"))
    found = skill(tasks, torch.tensor([[0.8, 3.0, 1.0], [0.5, 8.0, 0.9]]), torch.tensor([[0.6, 4.0, 1.0]] * 2))
    torch.testing.assert_close(found[:, :2], torch.tensor([[0.5, 0.25], [-0.25, -1.0]]))
    assert found[:, 2].isnan().all()


def test_losses_and_metrics_count_the_labelled_examples_alone() -> None:
    data = development(NAMES, missing=0.4)
    targets = data.examples.targets.clone()
    prepared = [prepare(data, seed) for seed in (0, 1)]
    targets[prepared[0].validation, 2] = torch.nan
    data = dataclasses.replace(data, examples=dataclasses.replace(data.examples, targets=targets))
    network, flat = parameters_of(RECIPE, data)
    index = prepared[0].validation
    loss, metric = evaluated(network, flat, BatchLoader(data.examples, prepared), [index, index])
    assert loss[:, 2].isnan().all()
    assert metric[:, 2].isnan().all()
    for column, task in enumerate(data.tasks):
        here = index[~targets[index, column].isnan()]
        if len(here):
            found = evaluated(network, flat, BatchLoader(data.examples, prepared), [here, here])
            torch.testing.assert_close(loss[:, column], found[0][:, column])
            torch.testing.assert_close(metric[:, column], found[1][:, column])
        else:
            assert task.name == "grade"


def test_padding_changes_nothing() -> None:
    data = development(NAMES, examples=700)
    prepared = [prepare(data, seed) for seed in (0, 1)]
    network, flat = parameters_of(RECIPE, data)
    loader, index = BatchLoader(data.examples, prepared), torch.arange(300)
    plain = evaluated(network, flat, loader, [index, index])
    beside_longer = evaluated(network, flat, loader, [index, torch.arange(700)])
    for one, other in zip(plain, beside_longer, strict=True):
        assert torch.equal(one[0], other[0])
        assert not torch.equal(one[1], other[1])
    assert padded([[index]])[0].shape[2] % CHUNK == 0


def test_regression_is_judged_in_the_targets_own_unit() -> None:
    tasks = (Task("metres", "regression", "mse"), Task("grams", "regression", "mae"))
    source = development(("price",)).examples
    targets = torch.cat([source.targets, 1000 * source.targets + 3], dim=1)
    data = Development(tasks, Examples(source.inputs, targets), torch.ones(12, dtype=torch.bool))
    prepared = [prepare(data, seed) for seed in (0, 1)]
    network, flat = parameters_of(RECIPE, data)
    loader, index = BatchLoader(data.examples, prepared), prepared[0].validation
    _, metric = evaluated(network, flat, loader, [index, index])
    theta = network.layout.theta(network.layout.unpack(flat))
    with torch.no_grad():
        standard = network(theta, loader.inputs(index.expand(2, 1, -1)))[0][:, :, 0]
    for row, part in enumerate(prepared):
        error = standard[row] / part.target_scale[:, None] + part.target_shift[:, None] - targets[index].T
        assert metric[row, 0].item() == pytest.approx(error[0].square().mean().item(), rel=1e-4)
        assert metric[row, 1].item() == pytest.approx(error[1].abs().mean().item(), rel=1e-4)


@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_the_test_split_is_scored_as_validation_is(missing: float) -> None:
    data = development(NAMES, missing=missing)
    network, flat = parameters_of(RECIPE, data, seeds=(3, 4, 5))
    rows = [ReplicaConfig(f"row {seed}", seed, {}) for seed in (3, 4, 5)]
    for place, (row, found) in enumerate(
        zip(rows, score_examples_on(RECIPE, data, data.examples, rows, flat), strict=True)
    ):
        prepared, everything = prepare(data, row.seed), torch.arange(len(data.examples))
        _, metric = evaluated(network, flat[[place] * 2], BatchLoader(data.examples, [prepared] * 2), [everything] * 2)
        assert found.key == row.key
        np.testing.assert_allclose(found.test_metric, metric[0], rtol=1e-5)
        assert found.example_scores.shape == (4, 300)
        assert np.array_equal(np.isnan(found.example_scores), data.examples.targets.T.isnan().numpy())
        np.testing.assert_allclose(np.nanmean(found.example_scores, axis=1), found.test_metric, rtol=1e-5)
        trivial = torch.from_numpy(found.trivial_metric)[None]
        np.testing.assert_allclose(found.test_skill, skill(data.tasks, metric[:1], trivial)[0], rtol=1e-4)


def judged(metrics: dict[str, str], missing: float = 0.3) -> Development:
    """The tasks with other metrics."""
    data = development(NAMES, examples=600, missing=missing)
    tasks = tuple(dataclasses.replace(task, metric=metrics.get(task.name, task.metric)) for task in data.tasks)
    return dataclasses.replace(data, tasks=tasks)


@pytest.mark.parametrize(
    "metrics", [{"price": "r2", "sold": "auroc", "grade": "f1"}, {"price": "spearman", "sold": "average_precision"}]
)
def test_metrics_that_are_no_means_are_those_of_all_labelled_examples(metrics: dict[str, str]) -> None:
    data = judged(metrics)
    prepared = [prepare(data, seed) for seed in (0, 1)]
    network, flat = parameters_of(RECIPE, data)
    loader = BatchLoader(data.examples, prepared)
    parts = [torch.arange(600), torch.arange(90, 400)]
    _, together = evaluated(network, flat, loader, parts)
    _, alone = evaluated(network, flat, loader, [parts[1][:300], parts[1]])
    assert torch.equal(together[1], alone[1])  # bits do not depend on longer neighbours
    theta = network.layout.theta(network.layout.unpack(flat))
    with torch.no_grad():
        outputs = network(theta, loader.inputs(torch.arange(600).expand(2, 1, -1)))
    for bank, found in zip(network.heads, outputs, strict=True):
        for place, (member, task) in enumerate(zip(bank.members, bank.tasks, strict=True)):
            targets = data.examples.targets[:, member]
            here, prediction = ~targets.isnan(), found[:1, place : place + 1]
            if task.kind == "regression":
                prediction = prediction / prepared[0].target_scale[member] + prepared[0].target_shift[member]
            expected = judged_by_scikit_learn(task, prediction[0, 0][:, here], targets[here])
            assert together[0, member].item() == pytest.approx(expected, rel=1e-4)


def test_scores_of_examples_have_the_metric_as_their_mean_and_its_influence_as_their_spread() -> None:
    data = judged({"price": "spearman", "sold": "auroc", "grade": "quadratic_kappa"})
    network, flat = parameters_of(RECIPE, data)
    rows = [ReplicaConfig("a", 0, {}), ReplicaConfig("b", 1, {})]
    first, _ = score_examples_on(RECIPE, data, data.examples, rows, flat)
    everything, prepared = torch.arange(600), [prepare(data, seed) for seed in (0, 1)]
    loss, metric = evaluated(network, flat, BatchLoader(data.examples, prepared), [everything] * 2)
    np.testing.assert_allclose(first.test_metric, metric[0], rtol=1e-5)
    np.testing.assert_allclose(np.nanmean(first.example_scores, axis=1), metric[0], rtol=1e-5)
    labelled = ~data.examples.targets.isnan().numpy().T
    assert np.array_equal(np.isfinite(first.example_scores), labelled)
    assert np.nanstd(first.example_scores[1]) > 0.1
    assert not set(np.unique(first.example_scores[1][labelled[1]]).tolist()) <= {0.0, 1.0}
    np.testing.assert_allclose(first.test_loss, loss[0], rtol=1e-5)
    np.testing.assert_allclose(np.nanmean(first.example_losses, axis=1), loss[0], rtol=1e-5)
    assert first.num_test.tolist() == labelled.sum(axis=1).tolist()
    counts = np.bincount(data.examples.targets[labelled[2], 2].long().numpy())
    assert first.num_rarer.tolist()[0] == -1
    assert first.num_rarer[2] == counts.sum() - counts.max()


def test_a_metric_that_the_judged_labels_leave_undefined_has_no_scores() -> None:
    data = judged({"sold": "auroc"}, missing=0.0)
    _, flat = parameters_of(RECIPE, data)
    one_class = data.examples.targets.clone()
    one_class[:, 1] = 0.0
    test = dataclasses.replace(data.examples, targets=one_class)
    (found,) = score_examples_on(RECIPE, data, test, [ReplicaConfig("a", 0, {})], flat[:1])
    assert np.isnan(found.test_skill[1])
    assert np.isnan(found.example_scores[1]).all()
    assert np.isfinite(found.example_scores[0]).all()
    assert found.num_test[1] == 600
    assert found.num_rarer[1] == 0


def test_scoring_the_test_split_fits_nothing_to_it() -> None:
    data = development(NAMES)
    _, flat = parameters_of(RECIPE, data)
    half = {name: getattr(data.examples, name)[:100] for name in ("inputs", "targets")}

    def scores(**changes: Any) -> np.ndarray:
        test = Examples(**(half | changes))
        return next(iter(score_examples_on(RECIPE, data, test, [ReplicaConfig("a", 0, {})], flat))).example_scores

    changed = {name: torch.cat([part[:50], 9 * part[50:] - 1]) for name, part in half.items()}
    changed["targets"] = torch.minimum(changed["targets"].clamp(min=0), torch.tensor([2.0, 1.0, 2.0, 2.0]))
    before = scores(targets=torch.cat([half["targets"][:50], changed["targets"][50:]]))
    after = scores(**(changed | {"targets": torch.cat([half["targets"][:50], changed["targets"][50:]])}))
    assert np.array_equal(before[:, :50], after[:, :50])
    assert not np.array_equal(before[:, 50:], after[:, 50:])


@pytest.mark.parametrize("precision", ["bf16", "tf32"])
def test_the_test_split_is_scored_in_float32_as_networks_are_exported(precision: Precision) -> None:
    data = development(NAMES)
    _, flat = parameters_of(RECIPE, data)
    found, expected = (
        next(iter(score_examples_on(recipe, data, data.examples, [ReplicaConfig("a", 0, {})], flat)))
        for recipe in (dataclasses.replace(RECIPE, precision=precision), RECIPE)
    )
    assert np.array_equal(found.example_losses, expected.example_losses, equal_nan=True)


OWN_METRIC = "tests.mtl_core.data.metrics.own.functions:pinball"


def test_an_own_metric_gives_every_group_of_rows_what_it_contributes() -> None:
    """For a mean over examples, as this one is, that is what the group's examples have beyond the mean."""
    data = judged({"price": OWN_METRIC})
    groups = torch.arange(600).remainder(70).square().remainder(45)  # of unequal sizes, all over the table
    grouped = dataclasses.replace(data, examples=dataclasses.replace(data.examples, groups=groups))
    network, flat = parameters_of(RECIPE, data)
    row, prepared = ReplicaConfig("a", 0, {}), prepare(grouped, 0)
    (found,) = score_examples_on(RECIPE, grouped, grouped.examples, [row], flat[:1])
    outputs = network(
        network.layout.theta(network.layout.unpack(flat[[0, 0]])),
        BatchLoader(data.examples, [prepared] * 2).inputs(torch.arange(600).expand(2, 1, -1)),
    )
    place = next(place for place, bank in enumerate(network.heads) if bank.kind == "regression")
    predicted = outputs[place][0, 0, 0] / prepared.target_scale[0] + prepared.target_shift[0]
    error = data.examples.targets[:, 0] - predicted.detach()
    losses = torch.maximum(0.75 * error, -0.25 * error)
    known = ~losses.isnan()
    assert found.test_metric[0] == pytest.approx(losses[known].mean().item(), rel=1e-4)
    beyond = [
        np.bincount(groups[known], (values - values.mean()).numpy(), minlength=45)
        for values in (torch.from_numpy(found.example_scores[0])[known], losses[known])
    ]
    np.testing.assert_allclose(*beyond, atol=2e-3 * np.abs(beyond[1]).max())


def test_scores_know_the_losses_of_the_kinds_whatever_trained_the_tasks() -> None:
    """Log losses of predicted probabilities compare with those of other studies, and no code of the user's runs."""
    data = development(NAMES)
    _, flat = parameters_of(RECIPE, data)
    own = tuple(dataclasses.replace(task, loss="no_such_module_at_all:f") for task in data.tasks)
    row = [ReplicaConfig("a", 0, {})]
    (plain,) = score_examples_on(RECIPE, data, data.examples, row, flat[:1])
    (found,) = score_examples_on(RECIPE, dataclasses.replace(data, tasks=own), data.examples, row, flat[:1])
    for name in ("test_loss", "trivial_loss", "example_losses", "example_scores"):
        np.testing.assert_array_equal(getattr(found, name), getattr(plain, name))
