"""Skill is measured from the best constant: a metric that takes another is told which is better."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.constants import fitted_constant
from mtl_core.data.metrics import MeanMetric, Metric
from mtl_core.data.metrics.accuracy import Accuracy
from mtl_core.data.metrics.f1 import F1
from mtl_core.data.metrics.mae import Mae
from mtl_core.data.task import Task
from mtl_core.testing.best_constants import check_best_constant
from mtl_core.testing.kinds import check_kind
from mtl_core.testing.metrics import check_metric

BETTER = "of ordinal tasks: the best constant has .* and class [03] predicted for all examples has .*had for nothing"


@pytest.mark.parametrize("metric", [Accuracy, F1])
def test_the_median_class_is_not_the_most_frequent_one(metric: type[Metric], monkeypatch: pytest.MonkeyPatch) -> None:
    name = metric.__name__.lower()
    check_best_constant(Task("pain", "ordinal", name, 4))
    monkeypatch.setattr(metric, "constant", MeanMetric.constant)
    with pytest.raises(AssertionError, match=f"{name} {BETTER}"):
        check_best_constant(Task("pain", "ordinal", name, 4))


def test_metrics_and_kinds_are_both_held_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Accuracy, "constant", MeanMetric.constant)
    for check, name in ((check_metric, "accuracy"), (check_kind, "ordinal")):
        with pytest.raises(AssertionError, match=f"accuracy {BETTER}"):
            check(name)


def test_a_class_without_labels_moves_no_median() -> None:
    """Every class has some probability in the constant of the loss, so that three of them outweigh half a label."""
    labels, task = torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0]), Task("pain", "ordinal", "class_distance", 5)
    found = fitted_constant(task, labels, (torch.zeros(1), torch.ones(1)), (None, None))
    assert found.metric(labels) == pytest.approx(2 / 5)


def test_numbers_have_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mae, "constant", MeanMetric.constant)
    for kind in ("regression", "count"):
        with pytest.raises(AssertionError, match=f"mae of {kind} tasks: the best constant has .* and 0 predicted"):
            check_best_constant(Task("visits", kind, "mae"))
