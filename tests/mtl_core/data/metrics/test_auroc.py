"""The area under the ROC curve, and DeLong's variance of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from analysis.statistics.influence import example_influence
from mtl_core.data.metrics import metric_named
from tests.mtl_core.data.metrics.predictions import kept_by, predictions, task_of, value


def test_it_is_that_of_scikit_learn_with_ties() -> None:
    outputs, targets = predictions("binary", 500)
    assert len(outputs.unique()) < 100
    found = metric_named("auroc").of_all(task_of("binary", "auroc"), outputs, targets)
    assert found == pytest.approx(roc_auc_score(targets[0, 0], outputs[0, 0, 0]), abs=1e-6)


def test_pairs_count_one_half_or_nothing() -> None:
    assert value("auroc", "binary", [0.0, 1.0, 1.0, 2.0], [0.0, 0.0, 1.0, 1.0]) == 3.5 / 4
    assert value("auroc", "binary", [0.0, 0.0, 0.0], [0.0, 1.0, 1.0]) == 0.5
    assert value("auroc", "binary", [1.0, -1.0], [0.0, 1.0]) == 0.0
    assert np.isnan(value("auroc", "binary", [1.0, -1.0], [1.0, 1.0]))


def test_the_variance_is_delongs() -> None:
    """By pairs, as in the paper, for 13 positives and 27 negatives."""
    metric, task, kept = kept_by("auroc", "binary", 40, seed=8)
    scores, positive = kept[0].double().numpy(), kept[1].numpy() == 1
    pairs = (scores[positive][:, None] > scores[~positive]) + 0.5 * (scores[positive][:, None] == scores[~positive])
    of_positives, of_negatives = pairs.mean(axis=1), pairs.mean(axis=0)
    expected = of_positives.var(ddof=1) / positive.sum() + of_negatives.var(ddof=1) / (~positive).sum()
    found = example_influence(pairs.mean() + metric.influence(task, kept).numpy())
    assert found is not None
    assert np.sum(found**2) == pytest.approx(expected, rel=1e-9)


def test_a_single_positive_says_nothing_of_positives() -> None:
    kept = torch.tensor([[0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 1.0, 0.0]])
    found = metric_named("auroc").influence(task_of("binary", "auroc"), kept)
    assert found[2] == 0
    assert found.isfinite().all()


def test_of_several_classes_it_is_the_macro_mean_of_one_against_the_rest() -> None:
    outputs, targets = predictions("multiclass", 500)
    found = metric_named("auroc").of_all(task_of("multiclass", "auroc"), outputs, targets)
    probabilities = outputs[0, 0].double().softmax(dim=0).T.numpy()
    expected = roc_auc_score(targets[0, 0].numpy(), probabilities, multi_class="ovr", average="macro")
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_class_without_labels_does_not_count_and_a_single_one_leaves_nothing() -> None:
    outputs, targets = predictions("multiclass", 300)
    kept = targets[0, 0] != 3
    some, labels = outputs[..., kept], targets[..., kept]
    task = task_of("multiclass", "auroc")
    ranks = some[0, 0].double().softmax(dim=0)
    each = [roc_auc_score(labels[0, 0] == code, ranks[code]) for code in range(3)]
    assert metric_named("auroc").of_all(task, some, labels) == pytest.approx(np.mean(each), abs=1e-6)
    influence = metric_named("auroc").influence(task, metric_named("auroc").keep(task, some, labels)[0, 0])
    assert influence.isfinite().all()
    assert np.isnan(metric_named("auroc").of_all(task, some, torch.zeros_like(labels)))
