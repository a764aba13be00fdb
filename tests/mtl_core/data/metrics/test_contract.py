"""What every metric promises: defined values, influence as a bootstrap finds it, bits that padding does not change."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pad_sequence

from analysis.statistics.influence import example_influence
from mtl_core.data.metrics import metric_named, metrics_of_kind
from mtl_core.data.metrics.statistics.sums import CHUNK
from mtl_core.data.task import Kind, Task
from mtl_core.registry import entries
from tests.mtl_core.data.metrics.predictions import CLASSES, kept_by, predictions, task_of

CASES = [(kind, name) for kind in CLASSES for name in metrics_of_kind(kind)]
every_case = pytest.mark.parametrize(("kind", "name"), CASES)
OF_CLASSES = ("f1", "balanced_accuracy", "mcc", "quadratic_kappa")
"""Metrics that keep predicted classes, which are finite whatever the logits are."""
RESAMPLES, TOGETHER = 1500, 100


def test_every_metric_judges_a_kind() -> None:
    assert {name for _, name in CASES} == set(entries("metrics"))


@every_case
def test_a_perfect_prediction_has_the_perfect_value(kind: Kind, name: str) -> None:
    _, targets = predictions(kind, 200)
    outputs = targets.unsqueeze(2)
    if kind == "binary":
        outputs = 100 * (2 * outputs - 1)
    elif kind == "multiclass":
        outputs = 100 * torch.nn.functional.one_hot(targets.long(), 4).movedim(-1, 2).float()
    elif kind == "ordinal":  # thresholds 40 apart, and every score in the middle of two
        outputs = 40 * outputs - 20 + torch.tensor([0.0, np.log(40), np.log(40)]).view(1, 1, 3, 1)
    elif name == "poisson_deviance":
        outputs = outputs.clamp(min=1e-3)  # the least mean, of which a count of 0 is 0.002 away
    found = metric_named(name).of_all(task_of(kind, name), outputs, targets)
    assert found == pytest.approx(metric_named(name).perfect, abs=2e-3 if name == "poisson_deviance" else 1e-6)


@every_case
def test_nothing_is_known_without_examples(kind: Kind, name: str) -> None:
    outputs, targets = predictions(kind, 3)
    assert np.isnan(metric_named(name).of_all(task_of(kind, name), outputs[..., :0], targets[..., :0]))


@every_case
def test_padding_and_neighbours_change_no_bit(kind: Kind, name: str) -> None:
    metric, task = metric_named(name), task_of(kind, name)
    kept = metric.keep(task, *predictions(kind, 3 * CHUNK, rows=3))
    counted = torch.arange(3 * CHUNK).expand(3, 1, -1) < torch.tensor([CHUNK - 7, 2 * CHUNK, 40]).view(3, 1, 1)
    together = metric.value(task, kept, counted)
    for row in range(3):
        alone = metric.value(task, kept[row, 0, :, :CHUNK], counted[row, 0, :CHUNK])
        if row != 1:
            assert torch.equal(alone, together[row, 0])
        else:
            assert not torch.equal(alone, together[row, 0])


@every_case
def test_a_value_does_not_depend_on_the_order_of_examples(kind: Kind, name: str) -> None:
    metric, task, kept = kept_by(name, kind, 300)
    every = torch.ones(300, dtype=torch.bool)
    order = torch.randperm(300, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(metric.value(task, kept[:, order], every), metric.value(task, kept, every))
    moved = metric.influence(task, kept)
    torch.testing.assert_close(metric.influence(task, kept[:, order]), moved[order])
    assert abs(moved.mean().item()) < 1e-12
    assert moved.dtype == torch.float64


@pytest.mark.parametrize(("kind", "name"), [case for case in CASES if case[1] not in OF_CLASSES])
def test_numbers_that_are_not_finite_have_no_value(kind: Kind, name: str) -> None:
    metric, task, kept = kept_by(name, kind, 50)
    kept[0, 7] = torch.nan
    assert metric.value(task, kept, torch.ones(50, dtype=torch.bool)).isnan()
    assert metric.value(task, kept, torch.arange(50) > 7).isfinite()


@every_case
@pytest.mark.parametrize("grouped", [False, True])
def test_the_influence_gives_the_standard_error_of_a_bootstrap(kind: Kind, name: str, grouped: bool) -> None:
    """Over examples, and over groups of one to five of them, to within 10%."""
    metric, task, kept = kept_by(name, kind, 600, seed=3)
    every, chance = torch.ones(600, dtype=torch.bool), np.random.default_rng(5)
    groups = np.repeat(np.arange(240), chance.integers(1, 6, 240))[:600] if grouped else np.arange(600)
    if grouped:  # examples of a group are alike
        kept = kept[:, torch.from_numpy(np.argsort(np.argsort(kept[-1].numpy(), kind="stable") % 97, kind="stable"))]
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    values: list[float] = []
    for _ in range(RESAMPLES // TOGETHER):
        drawn = [chance.integers(0, len(members), len(members)) for _ in range(TOGETHER)]
        places = [torch.from_numpy(np.concatenate([members[group] for group in one])) for one in drawn]
        counted = pad_sequence([torch.ones(len(place), dtype=torch.bool) for place in places], batch_first=True)
        resamples = kept[:, pad_sequence(places, batch_first=True)].movedim(1, 0)
        values += metric.value(task, resamples, counted).tolist()
    pseudo = metric.value(task, kept, every).item() + metric.influence(task, kept).numpy()
    found = example_influence(pseudo, groups)
    assert found is not None
    assert np.sqrt(np.sum(found**2)) == pytest.approx(np.std(values), rel=0.1)


def test_a_task_refuses_metrics_that_do_not_judge_it() -> None:
    with pytest.raises(ValueError, match="'y': auroc does not judge regression predictions"):
        Task("y", "regression", "auroc")
    with pytest.raises(ValueError, match="r2 judges single numbers, not 3 at once"):
        Task("y", "regression", "r2", num_targets=3)
    with pytest.raises(KeyError, match="'roc' is not one of the metrics: accuracy"):
        Task("y", "binary", "roc", 2)
    assert Task("y", "regression", "rmse", num_targets=3).metric == "rmse"
