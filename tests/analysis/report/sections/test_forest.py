"""The forest of the first screen: bounded, hidden tasks counted, nothing drawn where nothing is known."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.report.sections.forest import MOST_TASKS, forest
from tests.analysis.report.sections.transfer_table import WITHOUT_INTERVALS, judged_tasks


def test_before_a_verdict_there_is_no_forest() -> None:
    assert forest(pd.DataFrame()) is None
    table = judged_tasks({"left": 2.0})
    assert forest(table.assign(gain=float("nan"))) is None
    assert forest(table.assign(baseline="loop")) is None


def test_of_many_tasks_the_ends_are_shown_and_the_others_counted() -> None:
    found = forest(judged_tasks({f"task {number}": float(number) for number in range(20)}))
    assert found is not None
    (panel,) = found.panels
    assert len(panel.lines) == MOST_TASKS
    assert panel.more == 20 - MOST_TASKS
    shown = [line.name for line in panel.lines]
    assert shown[:6] == [f"task {number}" for number in range(19, 13, -1)]
    assert shown[6:] == [f"task {number}" for number in range(5, -1, -1)]


def test_everything_lies_on_the_axis() -> None:
    found = forest(judged_tasks({"left": 30.0, "odd": -0.2}, half_width=4.0))
    assert found is not None
    ends = [end for line in found.panels[0].lines for end in (*(line.thin or ()), *(line.thick or ()), line.place)]
    assert len(ends) == 10
    assert all(0 <= place <= 100 for place in [*ends, *found.band, *(place for place, _ in found.ticks)])
    assert 2 <= len(found.ticks) <= 8


def test_without_intervals_there_is_a_point_and_no_bar() -> None:
    found = forest(judged_tasks({"left": 2.0}, n=3, half_width=WITHOUT_INTERVALS))
    assert found is not None
    (line,) = found.panels[0].lines
    assert (line.thick, line.thin, line.numbers) == (None, None, "+2.0")
    assert "n = 3 fresh" in found.caption


def test_unequal_numbers_of_seeds_are_a_range() -> None:
    found = forest(pd.concat([judged_tasks({"left": 2.0}, n=8), judged_tasks({"right": 1.0}, n=10)]))
    assert found is not None
    assert "n = 8–10 fresh" in found.caption


@pytest.mark.parametrize("gain", [-5e14, -3e6, 1e9, 250.0])
def test_however_far_a_gain_lies_the_axis_has_a_few_ticks(gain: float) -> None:
    found = forest(judged_tasks({"left": 2.0, "wild": gain}))
    assert found is not None
    assert 2 <= len(found.ticks) <= 8
    assert all(len(label) <= 12 for _, label in found.ticks)
    assert all(len(line.numbers) <= 40 for line in found.panels[0].lines)


def test_the_arm_that_is_taken_is_on_top() -> None:
    two = pd.concat([judged_tasks({"left": 2.0}), judged_tasks({"left": 1.0}).assign(arm="another", width=32)])
    for first, width in (("", 16), ("another", 32)):
        found = forest(two, first)
        assert found is not None
        assert found.panels[0].title.endswith(f"width {width}")
