"""What a report says of weights."""

from __future__ import annotations

from dataclasses import replace

from analysis.report.sections.weights import weights_words
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth


def test_weights_are_said_for_the_tasks_that_have_them(records_of: StudyOf) -> None:
    records = records_of(Truth())
    assert weights_words(records) == []
    tasks = records.tasks.assign(class_weight=["balanced", [1.0, 2.0], None], weights_in=[None, "loss", "loss"])
    by_class, by_row = weights_words(replace(records, tasks=tasks))
    first, second, third = records.tasks["task"]
    assert f"{first} with balanced classes and {second} with stated weights" in by_class
    assert by_row.startswith(f"Losses of {second} and {third} weigh rows")
    assert "count every example alike" in by_row
    (judged,) = weights_words(replace(records, tasks=records.tasks.assign(weights_in="loss_and_metric")))
    assert "so do metrics" in judged
