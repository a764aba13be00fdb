"""Weights of examples: whole numbers are examples that are there so many times, and sklearn's balanced classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader, padded
from mtl_core.data.example_weights import contributions, table_of_classes, weights_in_loss
from mtl_core.data.losses import label_means, weighted
from mtl_core.data.metrics import metric_named
from mtl_core.data.preprocessing import prepare
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.evaluation import score_examples_on
from mtl_core.training.trainer import fit

TASKS = (
    Task("price", "regression", "mae"),
    Task("sick", "binary", "accuracy", 2),
    Task("stage", "multiclass", "brier", 3),
)
N = 90
RECIPE = Recipe(epochs=3, batch_size=16, sharing="hard", depth=1, stages=1, width=4)


def examples(count: int = N, seed: int = 0) -> Examples:
    chance = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, 4, generator=chance)
    targets = torch.stack([inputs[:, 0] * 3 + 5, (inputs[:, 1] > 0.8).float(), (inputs[:, 2] * 1.5).round() + 1], 1)
    targets[:, 2] = targets[:, 2].clamp(0, 2)
    return Examples(inputs, targets)


def development(weights: Tensor | None = None, tasks: tuple[Task, ...] = TASKS, **changes: object) -> Development:
    pool = replace(examples(), weights=weights)
    return Development(tasks, pool, torch.ones(4, dtype=torch.bool), **changes)


def whole_weights(seed: int = 1) -> Tensor:
    return torch.randint(1, 4, (N, len(TASKS)), generator=torch.Generator().manual_seed(seed)).float()


def test_balanced_classes_are_sklearns() -> None:
    targets = examples().targets
    tasks = tuple(replace(task, class_weight="balanced" if task.num_classes > 1 else None) for task in TASKS)
    table = table_of_classes(tasks, targets)
    assert table is not None
    for row, task, values in zip(table, tasks, targets.T, strict=True):
        if task.num_classes > 1:
            expected = compute_class_weight("balanced", classes=np.arange(task.num_classes), y=values.numpy())
            np.testing.assert_allclose(row[: task.num_classes], expected, rtol=1e-6)
    in_loss = weights_in_loss(tasks, targets, None, table)
    assert in_loss is not None
    np.testing.assert_allclose(in_loss.mean(dim=0), 1.0, rtol=1e-5)
    assert table_of_classes(TASKS, targets) is None


def test_a_class_that_is_missing_leaves_the_others_balanced() -> None:
    task = (replace(TASKS[2], class_weight="balanced"),)
    table = table_of_classes(task, torch.tensor([[0.0], [0.0], [0.0], [2.0], [torch.nan]]))
    assert table is not None
    np.testing.assert_allclose(table[0], [4 / (2 * 3), 1.0, 4 / 2], rtol=1e-6)


def test_losses_and_their_gradients_are_those_of_repeated_examples() -> None:
    whole = whole_weights()[:, :1].expand(-1, len(TASKS)).contiguous()
    data = development(whole)
    loader = BatchLoader(data.examples, [prepare(data, 0)] * 2)
    outputs = torch.randn(2, 3, N, generator=torch.Generator().manual_seed(2)).requires_grad_()
    index = torch.arange(N).expand(2, 1, N)
    mean = label_means(weighted(outputs.square(), loader.weights(index)), None)
    scale = whole[prepare(data, 0).train].mean() / whole.mean()  # weights have mean 1 on the training split
    (gradient,) = torch.autograd.grad(mean.sum() * scale, outputs)
    copies = torch.arange(N).repeat_interleave(whole[:, 0].long())
    again = outputs.detach()[:, :, copies].requires_grad_()
    (of_copies,) = torch.autograd.grad(again.square().mean(dim=2).sum(), again)
    summed = torch.zeros_like(gradient).index_add(2, copies, of_copies)
    torch.testing.assert_close(gradient, summed)
    torch.testing.assert_close(mean.detach() * scale, again.detach().square().mean(dim=2))


def test_constants_are_those_of_repeated_examples() -> None:
    whole = whole_weights()[:, :1].expand(-1, len(TASKS)).contiguous()
    data = development(whole, weights_judge=True)
    prepared = prepare(data, 3)
    train = prepared.train.repeat_interleave(whole[prepared.train, 0].long())
    held = prepared.validation.repeat_interleave(whole[prepared.validation, 0].long())
    for place, constant in enumerate(prepared.constants):
        labels, tested = data.examples.targets[train, place], data.examples.targets[held, place]
        if constant.task.kind == "regression":
            torch.testing.assert_close(constant.for_loss / constant.scale + constant.shift, labels.mean()[None])
            assert constant.for_metric.item() == labels.median().item()
            assert prepared.trivial_metric[place].item() == pytest.approx(
                (tested - labels.median()).abs().mean().item()
            )
        else:
            counts = torch.bincount(labels.long(), minlength=constant.task.num_classes).log()
            expected = counts[1:] - counts[:1] if constant.task.kind == "binary" else counts - counts.logsumexp(0)
            torch.testing.assert_close(constant.for_loss, expected, atol=1e-5, rtol=1e-5)
        outputs = constant.for_metric.view(1, 1, -1, 1).expand(-1, -1, -1, len(held))
        value = metric_named(constant.task.metric).of_all(constant.task, outputs, tested[None, None])
        assert prepared.trivial_metric[place].item() == pytest.approx(value, rel=1e-5)


def test_in_the_loss_alone_metrics_and_their_constants_know_no_weight() -> None:
    plain, heavy = prepare(development(), 0), prepare(development(whole_weights()), 0)
    assert torch.equal(plain.trivial_metric, heavy.trivial_metric)
    assert not torch.equal(plain.trivial_loss, heavy.trivial_loss)
    for one, other in zip(plain.constants, heavy.constants, strict=True):
        assert torch.equal(one.for_metric, other.for_metric)
        assert torch.equal(one.unweighted, other.unweighted)


def score(data: Development, test: Examples):
    row = ReplicaConfig("only", 0, {"learning_rate": 0.05, "weight_decay": 0.0})
    (outcome,) = fit(RECIPE, data, [row])
    return outcome, next(score_examples_on(RECIPE, data, test, [row], outcome.selected[None]))


def test_a_factor_on_all_weights_changes_next_to_nothing_and_ones_change_nothing() -> None:
    test = examples(40, seed=5)
    plain, of_plain = score(development(), test)
    ones, of_ones = score(development(torch.ones(N, len(TASKS))), replace(test, weights=torch.ones(40, len(TASKS))))
    for name in plain.curves:
        np.testing.assert_array_equal(plain.curves[name], ones.curves[name])
    np.testing.assert_array_equal(of_plain.example_scores, of_ones.example_scores)
    whole = whole_weights()
    outcome, _ = score(development(whole), test)
    twice, _ = score(development(2 * whole), test)
    np.testing.assert_allclose(outcome.curves["validation_loss"], twice.curves["validation_loss"], rtol=1e-5)
    assert not np.allclose(outcome.curves["validation_loss"], plain.curves["validation_loss"])


def test_test_metrics_are_those_of_repeated_examples_and_their_variance_that_of_whole_groups_of_copies() -> None:
    test, weights = examples(60, seed=5), torch.randint(1, 4, (60, 1), generator=torch.Generator().manual_seed(9))
    heavy = replace(test, weights=weights.float().expand(-1, len(TASKS)).contiguous())
    data = development(whole_weights(), weights_judge=True)
    copies = torch.arange(60).repeat_interleave(weights[:, 0])
    _, own = score(data, heavy)
    plain = Examples(test.inputs[copies], test.targets[copies])
    _, other = score(data, plain)  # trained on the same weighted pool; all copies count alike
    np.testing.assert_allclose(own.test_metric, other.test_metric, rtol=2e-5)
    np.testing.assert_allclose(own.trivial_metric, other.trivial_metric, rtol=2e-5)
    np.testing.assert_allclose(own.test_skill, other.test_skill, rtol=1e-3, atol=1e-4)
    for scores, of_copies in zip(own.example_scores, other.example_scores, strict=True):
        centred = np.bincount(copies.numpy(), of_copies - of_copies.mean())
        np.testing.assert_allclose(scores.var() / 60, (centred**2).sum() / len(copies) ** 2, rtol=1e-3)
        assert scores.mean() == pytest.approx(of_copies.mean(), rel=1e-4)


def test_the_variance_of_a_weighted_mean_is_that_of_a_bootstrap() -> None:
    chance = np.random.default_rng(0)
    values, weights = chance.normal(2, 1, 400), chance.gamma(1.5, 1, 400)
    found = contributions(torch.tensor(values), torch.tensor(weights)).numpy()
    assert found.mean() == pytest.approx(np.average(values, weights=weights))
    draws = chance.integers(0, 400, (4000, 400))
    means = (values[draws] * weights[draws]).sum(axis=1) / weights[draws].sum(axis=1)
    assert found.std(ddof=1) / 20 == pytest.approx(means.std(), rel=0.06)


def test_a_row_is_the_same_to_the_bit_whatever_its_neighbours() -> None:
    tasks = tuple(replace(task, class_weight="balanced" if task.num_classes > 1 else None) for task in TASKS)
    data = development(whole_weights(), tasks)
    rows = [ReplicaConfig(str(seed), seed, {"learning_rate": 0.03, "weight_decay": 0.0}) for seed in range(3)]
    together = fit(RECIPE, data, rows)
    for row, outcome in zip(rows, together, strict=True):
        (alone,) = fit(RECIPE, data, [row])
        assert torch.equal(alone.selected, outcome.selected)
        np.testing.assert_array_equal(alone.curves["validation_loss"], outcome.curves["validation_loss"])


def test_a_task_alone_keeps_its_weights() -> None:
    data = development(whole_weights())
    alone = data.only("stage", "price")
    assert alone.examples.weights is not None
    assert data.examples.weights is not None
    assert torch.equal(alone.examples.weights, data.examples.weights[:, [2, 0]])


def test_weights_at_a_tasks_own_index_are_that_tasks() -> None:
    data = development(whole_weights())
    loader = BatchLoader(data.examples, [prepare(data, 0)])
    index, _ = padded([[torch.tensor([3, 4]), torch.tensor([5]), torch.tensor([6])]])
    common, own = (loader.weights(part) for part in (torch.arange(N)[None, None], index[:, :, :1]))
    assert common is not None
    assert own is not None
    assert own[0, :, 0].tolist() == [common[0, task, place].item() for task, place in enumerate((3, 5, 6))]


def test_the_fingerprint_knows_weights_and_not_that_there_could_be_some() -> None:
    def fingerprint(data: Development) -> str:
        return TaskSet("some", data, examples(10)).fingerprint()

    balanced = (TASKS[0], replace(TASKS[1], class_weight="balanced"), TASKS[2])
    found = {
        fingerprint(development()), fingerprint(development(whole_weights())), fingerprint(development(None, balanced)),
        fingerprint(development(whole_weights(), weights_judge=True)),
    }  # fmt: skip
    assert len(found) == 4


def test_what_cannot_be_weighted_is_refused() -> None:
    with pytest.raises(ValueError, match="means over examples alone, not in auroc"):
        development(whole_weights(), (TASKS[0], replace(TASKS[1], metric="auroc"), TASKS[2]), weights_judge=True)
    for weights in ("balanced", (1.0,)):
        with pytest.raises(ValueError, match="do not fit its classes"):
            Task("price", "regression", "mse", class_weight=weights)  # type: ignore[arg-type]
    for weights in ((1.0, 2.0, 3.0), (1.0, 0.0), (1.0, -1.0), (1.0, float("nan"))):
        with pytest.raises(ValueError, match="do not fit its classes"):
            Task("sick", "binary", "accuracy", 2, class_weight=weights)
