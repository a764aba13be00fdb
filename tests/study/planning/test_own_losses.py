"""Own losses are tried before anything trains, and refused with what they did."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtl_core.data.task import Kind, Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.errors import UserError
from study.planning.own_losses import check_own_losses
from tests.mtl_core.data.metrics.predictions import CLASSES, predictions
from tests.mtl_core.data.own_losses.test_own_loss import FUNCTIONS, path_of


def development(kind: Kind, function: str) -> Development:
    task = Task("y", kind, "log_loss" if CLASSES[kind] > 1 else "mae", CLASSES[kind], loss=path_of(function))
    targets = torch.stack([predictions(kind, 200)[1][0, 0], torch.arange(200) % 2.0], dim=1)
    targets[:20, 0] = torch.nan
    tasks = (task, Task("b", "binary", "accuracy", 2))
    return Development(tasks, Examples(torch.randn(200, 3), targets), torch.ones(3, dtype=torch.bool))


@pytest.mark.parametrize(
    ("kind", "function"),
    [("regression", "squared"), ("regression", "pinball"), ("binary", "binary_entropy"), ("multiclass", "entropy"),
     ("ordinal", "entropy"), ("count", "deviance")],
)  # fmt: skip
def test_good_ones_pass(kind: Kind, function: str) -> None:
    check_own_losses(development(kind, function))


def test_one_for_vectors_passes() -> None:
    pool = development("regression", "squared_of_vector")
    tasks = (replace(pool.tasks[0], num_targets=2),)
    check_own_losses(replace(pool, tasks=tasks))


@pytest.mark.parametrize(
    ("function", "found"),
    [
        ("mean", r"returned float32 of shape \[\] for outputs \[180\] and targets \[180\]"),
        ("number", "returned float"),
        ("broken", r"fails on outputs \[180\] and targets \[180\]"),
        ("negative", "a loss is -0.99"),
        ("infinite", "losses are not finite for outputs of about 5"),
        ("steep", "a gradient by the outputs is not finite for outputs that equal the targets"),
        ("detached", "no gradient reaches the outputs"),
        ("flat", "the gradient by the outputs is 0"),
        ("scaled_by_all", "depends on other examples"),
        ("divided", "depends on other examples"),
        ("random", "draws random numbers"),
        ("overwriting", "changes the tensors that it gets"),
        ("opaque", "cannot be taken for several tasks at once"),
        ("turned_round", "its first argument is called 'targets', and outputs come first"),
        ("missing", "has no missing"),
        ("NUMBER", "no function"),
    ],
)
def test_bad_ones_are_refused_before_anything_trains(function: str, found: str) -> None:
    with pytest.raises(UserError, match=found) as caught:
        check_own_losses(development("regression", function))
    assert FUNCTIONS in str(caught.value)


def test_the_device_of_the_study_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("study.planning.own_losses.torch.cuda.is_available", lambda: True)
    monkeypatch.setattr(
        "study.planning.own_losses.chosen_device", lambda name: asked.append(name) or torch.device("cpu")
    )
    check_own_losses(development("regression", "squared"), "auto")
    assert asked == ["auto"]
