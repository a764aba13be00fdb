"""What is fitted, and on what."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.preprocessing import Preparation, prepare
from mtl_core.data.splits import split
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.errors import UserError
from tests.mtl_core.worlds import TASKS, development

FITTED = ("input_shift", "input_scale", "target_shift", "target_scale", "num_train", "train", "probe")


def with_examples(data: Development, **changes: Any) -> Development:
    return dataclasses.replace(data, examples=dataclasses.replace(data.examples, **changes))


def fitted(prepared: Preparation) -> list[Tensor]:
    constants = [part for one in prepared.constants for part in (one.for_loss, one.for_metric)]
    return [getattr(prepared, name) for name in FITTED] + constants


@pytest.mark.parametrize("fraction", [1.0, 0.3])
def test_nothing_is_fitted_on_validation_examples(fraction: float) -> None:
    data = development(tuple(TASKS), missing=0.2)
    plain = prepare(data, 0, fraction)
    inputs, targets = data.examples.inputs.clone(), data.examples.targets.clone()
    inputs[plain.validation] = 1e3 + 7 * inputs[plain.validation]
    targets[plain.validation] = torch.where(targets[plain.validation].isnan(), torch.nan, 1.0)
    disturbed = prepare(with_examples(data, inputs=inputs, targets=targets), 0, fraction)
    assert all(torch.equal(*pair) for pair in zip(fitted(plain), fitted(disturbed), strict=True))
    assert not torch.equal(plain.trivial_metric, disturbed.trivial_metric)


def test_nothing_is_fitted_on_training_examples_that_a_fraction_leaves_out() -> None:
    data = development(tuple(TASKS))
    plain, everything = prepare(data, 0, 0.5), prepare(data, 0)
    left_out = everything.train[~torch.isin(everything.train, plain.train)]
    inputs, targets = data.examples.inputs.clone(), data.examples.targets.clone()
    inputs[left_out], targets[left_out] = 1e3, 1.0
    disturbed = prepare(with_examples(data, inputs=inputs, targets=targets), 0, 0.5)
    assert len(left_out) == 120
    assert all(torch.equal(*pair) for pair in zip(fitted(plain), fitted(disturbed), strict=True))
    assert torch.equal(plain.trivial_loss, disturbed.trivial_loss)


def test_training_examples_become_standard_inputs_and_targets() -> None:
    data = with_examples(development(), inputs=3 * development().examples.inputs + 50)
    prepared = prepare(data, 0)
    loader = BatchLoader(data.examples, [prepared])
    x, (y, labelled) = loader.inputs(prepared.train[None, None])[0, 0], loader.targets(prepared.train[None, None])
    for values in (x, y[0, 0][:, None]):
        torch.testing.assert_close(values.mean(dim=0), torch.zeros(values.shape[1]), rtol=0, atol=1e-4)
        torch.testing.assert_close(values.std(dim=0, unbiased=False), torch.ones(values.shape[1]), rtol=1e-4, atol=0)
    assert labelled is None
    assert torch.equal(y[0, 1:], data.examples.targets[prepared.train].T[1:]), "classes are not standardised"


def test_columns_that_are_not_to_be_standardised_are_taken_as_they_are() -> None:
    data = dataclasses.replace(development(), standardise=torch.arange(12) < 6)
    prepared = prepare(data, 0)
    x = BatchLoader(data.examples, [prepared]).inputs(prepared.validation[None, None])[0, 0]
    assert torch.equal(x[:, 6:], data.examples.inputs[prepared.validation, 6:])
    assert not torch.equal(x[:, :6], data.examples.inputs[prepared.validation, :6])


@pytest.mark.parametrize("standardise", [True, False])
@pytest.mark.parametrize("value", [0.0, 1.0, 123456.7, -1e-20, torch.nan])
def test_a_column_that_is_constant_in_training_is_silent_in_validation(value: float, standardise: bool) -> None:
    data = dataclasses.replace(development(), standardise=torch.full((12,), standardise))
    inputs = data.examples.inputs.clone()
    train, validation = split(data, 0)
    inputs[train, 3] = value
    data = with_examples(data, inputs=inputs)
    loader = BatchLoader(data.examples, [prepare(data, 0)])
    assert (loader.inputs(validation[None, None])[..., 3] == 0).all()
    assert (loader.inputs(train[None, None])[..., 3] == 0).all()
    assert (loader.inputs(validation[None, None])[..., 2] != 0).all()


def test_missing_inputs_stand_at_the_training_mean() -> None:
    data = development()
    inputs = 2 * data.examples.inputs + 30
    holes = torch.rand(inputs.shape, generator=torch.Generator().manual_seed(1)) < 0.2
    inputs[holes] = torch.nan
    data = with_examples(data, inputs=inputs)
    prepared = prepare(data, 0)
    x = BatchLoader(data.examples, [prepared]).inputs(torch.arange(300)[None, None])[0, 0]
    assert (x[holes] == 0).all()
    assert (x[~holes] != 0).any()
    torch.testing.assert_close(prepared.input_shift, inputs[prepared.train].nanmean(dim=0))


def test_a_large_mean_costs_no_precision() -> None:
    data = with_examples(development(), inputs=development().examples.inputs.mul(8).round().div(8) + 2**16)
    prepared = prepare(data, 0)
    exact = data.examples.inputs.double()[prepared.train]
    torch.testing.assert_close(prepared.input_scale.double(), 1 / exact.std(dim=0, unbiased=False), rtol=1e-6, atol=0)


def test_a_constant_target_is_predicted() -> None:
    data = development(("price",))
    targets = torch.full_like(data.examples.targets, 42.0)
    prepared = prepare(with_examples(data, targets=targets), 0)
    assert prepared.target_shift.tolist() == [42.0]
    assert prepared.target_scale.tolist() == [1.0]
    assert prepared.trivial_loss.tolist() == prepared.trivial_metric.tolist() == [0.0]


def pool(task: Task, train_labels: list[float], validation_labels: list[float]) -> tuple[Development, Preparation]:
    """A pool whose seed 0 trains on the first labels and validates on the others, repeated as often as it takes."""
    blank = Development((task,), Examples(torch.randn(100, 2), torch.zeros(100, 1)), torch.ones(2, dtype=torch.bool))
    targets = torch.zeros(100)
    for part, labels in zip(split(blank, 0), (train_labels, validation_labels), strict=True):
        targets[part] = torch.tensor(labels).repeat(len(part) // len(labels))
    data = with_examples(blank, targets=targets[:, None])
    return data, prepare(data, 0)


@pytest.mark.parametrize(
    ("task", "train", "validation", "metric", "loss"),
    [
        (Task("y", "regression", "mse"), [0.0, 0.0, 0.0, 4.0], [1.0, 3.0], 2.0, 2.0 / 3.0),
        (Task("y", "regression", "mae"), [0.0, 0.0, 0.0, 4.0], [1.0, 3.0], 2.0, 2.0 / 3.0),
        (Task("y", "binary", "accuracy", 2), [0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0], 0.25, 1.111641),
        (Task("y", "binary", "brier", 2), [0.0, 1.0, 1.0, 1.0], [0.0, 1.0], 0.3125, 0.836988),
        (Task("y", "binary", "log_loss", 2), [0.0, 1.0, 1.0, 1.0], [0.0, 1.0], 0.836988, 0.836988),
        (Task("y", "multiclass", "accuracy", 3), [0.0, 1.0, 2.0, 2.0], [2.0, 0.0], 0.5, 1.039721),
        (Task("y", "multiclass", "brier", 3), [0.0, 1.0, 2.0, 2.0], [2.0, 2.0], 0.375, 0.693147),
    ],
    ids=lambda value: f"{value.kind} {value.metric}" if isinstance(value, Task) else None,
)
def test_constants_are_the_best_of_the_training_labels(
    task: Task, train: list[float], validation: list[float], metric: float, loss: float
) -> None:
    _, prepared = pool(task, train, validation)
    assert prepared.trivial_metric.item() == pytest.approx(metric, rel=1e-5)
    assert prepared.trivial_loss.item() == pytest.approx(loss, rel=1e-5)


def test_the_trivial_loss_of_training_is_that_of_the_part_of_which_training_loss_is_measured() -> None:
    data, prepared = pool(Task("y", "regression", "mse"), [0.0, 1.0, 2.0, 7.0], [4.0, 4.0])
    shown = data.examples.targets[prepared.probe].double()
    loss = ((shown - prepared.target_shift) * prepared.target_scale).square().mean()
    assert prepared.trivial_train_loss.item() == pytest.approx(loss.item(), rel=1e-5)
    assert prepared.trivial_train_loss.item() != pytest.approx(prepared.trivial_loss.item())


def test_the_constant_of_the_absolute_error_is_the_median() -> None:
    _, prepared = pool(Task("y", "regression", "mae"), [0.0, 1.0, 100.0, 1.0], [1.0, 1.0])
    assert prepared.trivial_metric.item() == 0
    assert prepared.trivial_loss.item() > 0


def test_a_class_that_training_lacks_costs_a_finite_loss() -> None:
    _, prepared = pool(Task("y", "multiclass", "log_loss", 3), [0.0, 1.0], [2.0, 2.0])
    assert 4 < prepared.trivial_loss.item() < 6


def test_examples_without_any_label_are_left_out() -> None:
    data = development(missing=0.6)
    labelled = ~data.examples.targets.isnan()
    prepared = prepare(data, 0)
    assert 0 < labelled.any(dim=1).sum() < 300
    assert labelled[prepared.train].any(dim=1).all()
    assert labelled[prepared.validation].any(dim=1).all()
    assert len(prepared.train) + len(prepared.validation) == labelled.any(dim=1).sum()
    assert torch.equal(prepared.num_train, labelled[prepared.train].sum(dim=0))
    assert torch.equal(prepared.num_validation, labelled[prepared.validation].sum(dim=0))


def test_a_task_without_labels_has_no_trivial_metric_and_disturbs_no_other() -> None:
    data = development(tuple(TASKS))
    plain = prepare(data, 0)
    for column, task in enumerate(data.tasks):
        targets = data.examples.targets.clone()
        targets[:, column] = torch.nan
        bare = prepare(with_examples(data, targets=targets), 0)
        others = torch.arange(4) != column
        assert bare.trivial_metric[column].isnan(), task.name
        assert torch.equal(bare.trivial_metric[others], plain.trivial_metric[others])
        assert torch.equal(bare.trivial_loss[others], plain.trivial_loss[others])


@pytest.mark.parametrize(("lacking", "use"), [("training", "train"), ("validation", "validate")])
def test_a_split_without_any_label_is_refused(lacking: str, use: str) -> None:
    data = development()
    targets = data.examples.targets.clone()
    labelled = split(data, 0)[lacking == "training"][0]
    targets[torch.arange(len(targets)) != labelled, 1] = torch.nan
    data = with_examples(data, targets=targets)
    prepare(data, 0)
    message = f"{lacking} split of seed 0: has no label of 'sold'. Label more, or {use} on more."
    with pytest.raises(UserError, match=message):
        prepare(data.only("sold"), 0)


def test_given_rows_to_validate_on_need_labels_that_judge() -> None:
    data = development()
    validates, weights = torch.arange(len(data.examples)) < 60, torch.ones(len(data.examples), 3)
    weights[validates] = 0
    data = dataclasses.replace(with_examples(data, weights=weights), validates=validates)
    data = dataclasses.replace(
        data,
        tasks=tuple(
            dataclasses.replace(task, metric="mse" if task.num_classes < 2 else "brier") for task in data.tasks
        ),
    )
    assert prepare(data, 0).num_validation.tolist() == [60, 60, 60]
    with pytest.raises(
        UserError, match="validation split of seed 0: has no label of 'price', 'sold', 'grade' that counts"
    ):
        prepare(dataclasses.replace(data, weights_judge=True), 0)


def test_the_probe_is_a_part_of_training_as_large_as_validation() -> None:
    prepared = prepare(development(), 0)
    assert len(prepared.probe) == len(prepared.validation) == 60
    assert torch.isin(prepared.probe, prepared.train).all()
    assert len(prepared.probe.unique()) == 60
    assert not torch.equal(prepared.probe, prepared.train[:60]), "the first examples of a pool may be alike"
