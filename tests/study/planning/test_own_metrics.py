"""Own metrics are tried before anything trains, and refused with what they did."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.task import Kind, Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.errors import UserError
from study.planning.own_metrics import check_own_metrics
from tests.mtl_core.data.metrics.own.test_own_metric import FUNCTIONS, task_of
from tests.mtl_core.data.metrics.predictions import predictions


def development(*tasks: Task) -> Development:
    targets = torch.stack([predictions(task.kind, 200)[1][0, 0] for task in tasks], dim=1)
    targets[:20, 0] = torch.nan
    return Development(tasks, Examples(torch.randn(200, 3), targets), torch.ones(3, dtype=torch.bool))


@pytest.mark.parametrize(
    ("kind", "name"),
    [("regression", "pinball"), ("count", "pinball"), ("regression", "correlation"), ("binary", "recall"),
     ("multiclass", "top"), ("ordinal", "top")],
)  # fmt: skip
def test_good_ones_pass(kind: Kind, name: str) -> None:
    check_own_metrics(development(task_of(kind, name), Task("b", "binary", "accuracy", 2)))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("one_for_each_example", "returned an array of shape"),
        ("text", "returned str"),
        ("nan", "is NaN for perfect predictions of 'y'"),
        ("broken", "fails on perfect predictions of 'y'"),
        ("blind", "a constant prediction of 'y' is perfect by it"),
        ("wrong_perfect", "perfect predictions of 'y' have 0, and its perfect is 1"),
        ("without_perfect", "does not say"),
        ("nowhere", "has no nowhere"),
    ],
)
def test_bad_ones_are_refused_before_anything_trains(name: str, found: str) -> None:
    with pytest.raises(UserError, match=found) as caught:
        check_own_metrics(development(task_of("regression", name)))
    assert FUNCTIONS in str(caught.value)
