"""What a report says of losses of the user's own."""

from __future__ import annotations

from dataclasses import replace

from analysis.report.sections.own_losses import own_losses_words
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth


def test_losses_are_said_for_the_tasks_that_have_them(records_of: StudyOf) -> None:
    records = records_of(Truth())
    assert own_losses_words(records) == []
    first, second, third = records.tasks["task"]
    tasks = records.tasks.assign(loss=["mine:low", None, "mine:low"])
    (found,) = own_losses_words(replace(records, tasks=tasks))
    assert found.startswith(f"{first} and {third} are trained by mine:low, a function of the user's own.")
    one, other = own_losses_words(replace(records, tasks=records.tasks.assign(loss=["a:f", "b:g", float("nan")])))
    assert one.startswith(f"{first} is trained by a:f")
    assert other.startswith(f"{second} is trained by b:g")
