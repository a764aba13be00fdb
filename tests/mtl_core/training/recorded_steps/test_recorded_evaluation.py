"""Evaluations by a program return what the evaluation itself returns, whatever the metric."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mtl_core.data.metrics import metric_named
from mtl_core.recipe import Recipe
from mtl_core.registry import entries
from mtl_core.testing.devices import array_on
from mtl_core.testing.small_tasks import MIXED, small_tasks
from mtl_core.training.device import CPU
from mtl_core.training.model_selection import ModelSelection
from mtl_core.training.recorded_steps import recorded_evaluation as module
from mtl_core.training.recorded_steps.recorded_evaluation import RecordedEvaluation

RECIPE = Recipe(depth=1, stages=2, width=8, batch_size=16, epochs=6)
RANKS = ("auroc", "average_precision", "spearman")
"""Metrics of ranks, which Python finds by numbers."""


class Evaluated:
    """A mean over data that one parameter scales; ``calls`` counts what Python evaluates."""

    def __init__(self) -> None:
        self.data, self.parameter, self.calls = torch.arange(6.0), torch.ones(1), 0
        self.parameters = [self.parameter]
        self.evaluation = RecordedEvaluation(self.evaluate, self.parameters, kind=object(), usual=1)

    def evaluate(self) -> tuple[Tensor, ...]:
        self.calls += 1
        scaled = (self.data + 1).exp() * self.parameter
        return scaled.mean(), scaled.max()

    def next(self) -> tuple[Tensor, ...]:
        self.parameter += 1
        return self.evaluation()


def test_a_program_takes_over_after_two_recorded_evaluations() -> None:
    one = Evaluated()
    found = [one.next() for _ in range(6)]
    assert (one.calls, one.evaluation.has_program, one.evaluation.why_not) == (3, True, "")
    for number, values in enumerate(found, start=2):
        one.parameter.fill_(number)
        assert all(torch.equal(*pair) for pair in zip(values, one.evaluate(), strict=True))


def test_what_a_program_returns_can_be_changed() -> None:
    one = Evaluated()
    *_, (mean, _), (again, _) = [one.next() for _ in range(6)]
    before = again.clone()
    mean.zero_()
    assert torch.equal(again, before)


@pytest.mark.parametrize(("most", "kept"), [(10**6, True), (0, False)])
def test_what_does_not_depend_on_parameters_is_kept_if_it_is_small(
    most: int, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", most)
    one = Evaluated()
    for _ in range(5):
        one.next()
    assert (one.evaluation._fixed is not None) == kept


def test_parameters_that_are_put_elsewhere_are_recorded_anew() -> None:
    one = Evaluated()
    for _ in range(4):
        one.next()
    before, one.parameter = one.calls, torch.full((1,), 7.0)
    one.parameters[0] = one.parameter
    found = [one.next()[0] for _ in range(3)]
    assert one.calls == before + 1, "one recording is enough by now"
    for number, mean in enumerate(found, start=8):
        one.parameter.fill_(number)
        assert torch.equal(mean, one.evaluate()[0])


@pytest.mark.parametrize("metric", entries("metrics"))
def test_the_program_of_every_metric_finds_the_same_bits(metric: str) -> None:
    data = small_tasks(MIXED, own_inputs=False, examples=48, missing=0.2)
    kinds = metric_named(metric).kinds
    tasks = tuple(replace(task, metric=metric) if task.kind in kinds else task for task in data.tasks)
    parts = array_on(RECIPE, replace(data, tasks=tasks), CPU)
    selection, usual = ModelSelection(parts, usual=0), ModelSelection(parts, usual=10**9)
    for _ in range(4):
        for one, other in ((selection.of_training, usual.of_training), (selection.of_validation, usual.of_validation)):
            for found, expected in zip(one(), other(), strict=True):
                assert torch.equal(found.isnan(), expected.isnan())
                assert torch.equal(found.nan_to_num(), expected.nan_to_num())
        for parameter in parts.parameters:
            parameter.mul_(1.1)
    evaluation = selection.of_validation
    assert isinstance(evaluation, RecordedEvaluation)
    assert evaluation.why_not == ("Python reads numbers of a tensor" if metric in RANKS else "")
    assert evaluation.has_program == (metric not in RANKS)
