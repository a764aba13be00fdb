"""Records with log loss in the place of the metric: which tasks, which numbers, and when not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.statistics.proper_score import LOG_LOSS, by_log_loss
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth

TRUTH = Truth(
    effects={"size": 0.0, "kind": 3.0}, loss_noise=2.0, stages=1, widths=(16,), draws=1, epochs=4, num_test=60
)


def test_classification_tasks_alone_are_judged_by_their_losses(records_of: StudyOf) -> None:
    records = records_of(TRUTH)
    found = by_log_loss(records)
    assert found is not None
    assert list(found.tasks["task"]) == ["kind"]
    assert set(found.scores["task"]) == {"kind"}
    assert set(found.scores["metric"]) == {LOG_LOSS}
    for row in found.scores.head(3).itertuples():
        assert row.test_metric == pytest.approx(np.mean(row.example_scores), rel=1e-5)
        assert row.test_skill == pytest.approx(1 - row.test_metric / 0.7)
        assert (row.trivial_metric, row.perfect_metric) == (0.7, 0.0)
    assert set(records.scores["metric"]) == {"mse", "accuracy"}, "the records themselves stay"


def test_runs_without_losses_and_tasks_that_log_loss_judges_anyway_have_none(records_of: StudyOf) -> None:
    assert by_log_loss(records_of(replace(TRUTH, loss_noise=None))) is None
    records = records_of(TRUTH)
    assert by_log_loss(replace(records, scores=records.scores.drop(columns="example_losses"))) is None
    assert by_log_loss(replace(records, scores=records.scores.assign(metric=LOG_LOSS))) is None
    some = records.scores.copy()
    some.at[some.index[some["task"] == "kind"][0], "example_losses"] = None
    assert by_log_loss(replace(records, scores=some)) is None, "half of a comparison is none"
