"""A function of the user's own judges like a registered metric; its code is imported only when it is called."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import mean_pinball_loss, recall_score

from mtl_core.data.metrics import is_mean, metric_named
from mtl_core.data.task import Kind, Task
from mtl_core.errors import UserError
from tests.mtl_core.data.metrics.predictions import CLASSES, predictions

FUNCTIONS = "tests.mtl_core.data.metrics.own.functions"


def task_of(kind: Kind, function: str) -> Task:
    return Task("y", kind, f"{FUNCTIONS}:{function}", CLASSES[kind])


def test_its_values_are_those_of_the_function() -> None:
    outputs, targets = predictions("regression", 300)
    task = task_of("regression", "pinball")
    found = metric_named(task.metric).of_all(task, outputs, targets)
    assert found == pytest.approx(mean_pinball_loss(targets[0, 0], outputs[0, 0, 0], alpha=0.75), abs=1e-6)
    outputs, targets = predictions("binary", 300)
    task = task_of("binary", "recall")
    found = metric_named(task.metric).of_all(task, outputs, targets)
    assert found == pytest.approx(recall_score(targets[0, 0], outputs[0, 0, 0] > 0), abs=1e-6)
    assert (metric_named(task.metric).perfect, is_mean(task.metric)) == (1.0, False)


@pytest.mark.parametrize("kind", ["multiclass", "ordinal"])
def test_of_several_classes_it_sees_all_probabilities(kind: Kind) -> None:
    outputs, targets = predictions(kind, 300)
    own, built_in = task_of(kind, "top"), Task("y", kind, "accuracy", CLASSES[kind])
    found = metric_named(own.metric).of_all(own, outputs, targets)
    if kind == "multiclass":
        assert found == pytest.approx(metric_named("accuracy").of_all(built_in, outputs, targets), abs=1e-6)
    assert 0.3 < found < 1


def test_each_set_of_examples_has_its_own_value_and_padding_changes_nothing() -> None:
    task = task_of("regression", "pinball")
    metric = metric_named(task.metric)
    kept = metric.keep(task, *predictions("regression", 100, rows=2))
    counted = torch.arange(100).expand(2, 1, -1) < torch.tensor([40, 0]).view(2, 1, 1)
    values = metric.value(task, kept, counted)
    assert values.shape == (2, 1)
    assert values[1].isnan().all()
    assert torch.equal(values[0, 0], metric.value(task, kept[0, 0, :, :40], counted[0, 0, :40]))
    kept[0, 0, 0, 7] = torch.nan
    assert metric.value(task, kept, counted)[0].isnan().all()


@pytest.mark.parametrize(
    ("kind", "name"), [("regression", "pinball"), ("regression", "correlation"), ("binary", "recall")]
)
@pytest.mark.parametrize("number", [150, 900])
def test_the_influence_gives_the_standard_error_of_a_bootstrap(kind: Kind, name: str, number: int) -> None:
    """Of 900 examples 200 blocks are left out, which alone errs by 5% (1 / √400): the check is over two draws."""
    task, ratios = task_of(kind, name), []
    metric = metric_named(task.metric)
    for seed in range(2):
        kept = metric.keep(task, *predictions(kind, number, seed))[0, 0]
        influence = metric.influence(task, kept)
        assert abs(influence.mean()) < 1e-9
        chance = torch.Generator().manual_seed(seed)
        every = torch.ones(number, dtype=torch.bool)
        drawn = [
            metric.value(task, kept[:, torch.randint(number, (number,), generator=chance)], every).item()
            for _ in range(300)
        ]
        ratios.append(influence.square().mean().sqrt().item() / number**0.5 / np.std(drawn))
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)


def test_nothing_is_imported_before_a_value_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "planted_metric.py").write_text("raise SystemExit('this code ran')\n")
    monkeypatch.syspath_prepend(tmp_path)
    task = Task("y", "regression", "planted_metric:score")
    metric = metric_named(task.metric)
    assert not is_mean(task.metric)
    metric.keep(task, *predictions("regression", 10))
    assert "planted_metric" not in sys.modules


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("no_such_module_at_all:f", "cannot be imported"),
        (f"{FUNCTIONS}:missing", "has no missing"),
        (f"{FUNCTIONS}:", "is no path"),
        (f"{FUNCTIONS}:NUMBER", "no function"),
        (f"{FUNCTIONS}:without_perfect", "does not say what perfect predictions have"),
        (f"{FUNCTIONS}:one_for_each_example", r"returned an array of shape \(10,\)"),
        (f"{FUNCTIONS}:text", "returned str 'good'"),
    ],
)
def test_what_cannot_judge_is_refused_in_words(path: str, found: str) -> None:
    task = Task("y", "regression", path)
    with pytest.raises(UserError, match=found):
        metric_named(path).of_all(task, *predictions("regression", 10))


def test_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="judges single numbers"):
        Task("y", "regression", f"{FUNCTIONS}:pinball", num_targets=3)
