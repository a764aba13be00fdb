"""The figure of a ranking: lines in order, marks, numbers and a legend of what occurs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import same_color
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from analysis.plots import ranking, style
from analysis.statistics.paired_gains import MEAN, TASK

HIGHLIGHT = ranking.Highlight("good", style.GREEN, "D", "good")


def rows(count: int = 3, **columns: Any) -> pd.DataFrame:
    """Rivals r0, r1, … each with a mean and two tasks; the first is good, all but the first are behind."""
    found = [
        {
            "method": f"r{number}", "scope": scope, "task": task, "gain": 3.0 - number + shift, "half_width": 0.5,
            "band": 1.0, "separable": number > 0, "good": number == 0,
        }
        for number in range(count)
        for scope, task, shift in ((MEAN, "", 0.0), (TASK, "a", 1.0), (TASK, "b", -1.0))
    ]  # fmt: skip
    return pd.DataFrame(found).assign(**columns)


def draw(table: pd.DataFrame, **changes: Any) -> Figure:
    given: dict[str, Any] = {
        "rival": "method", "over": "equal weights", "highlight": HIGHLIGHT, "name": lambda mean: mean.method,
    }  # fmt: skip
    figure = ranking.draw(table, "A finding", **(given | changes))
    with style.style():
        figure.draw_without_rendering()
    return figure


def legend(axes: Axes) -> list[str]:
    shown = axes.get_legend()
    assert shown is not None
    return [text.get_text() for text in shown.get_texts()]


def marks(axes: Axes) -> list[Any]:
    return [container.lines[0] for container in axes.containers if isinstance(container, ErrorbarContainer)]


def test_a_line_for_every_rival_best_at_the_top_with_name_number_and_note() -> None:
    figure = draw(rows(), note=lambda mean: f" of {mean.method}")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["r0", "r1", "r2"]
    assert axes.yaxis.get_inverted()
    right = axes.child_axes[0]
    assert [label.get_text() for label in right.get_yticklabels()] == [
        "+3.0 ± 0.5 of r0", "+2.0 ± 0.5 of r1", "+1.0 ± 0.5 of r2",
    ]  # fmt: skip
    assert axes.get_xlabel() == "mean gain over equal weights (points of skill)"
    assert figure.get_suptitle() == "A finding"


def test_single_tasks_are_small_marks_on_the_line_of_their_rival() -> None:
    axes = draw(rows()).axes[0]
    small = [line for line in axes.lines if line.get_marker() == "|"]
    assert [np.asarray(line.get_xdata()).tolist() for line in small] == [[4.0, 2.0], [3.0, 1.0], [2.0, 0.0]]
    assert [np.asarray(line.get_ydata()).tolist() for line in small] == [[0, 0], [1, 1], [2, 2]]


def test_the_rival_that_stands_out_has_colour_and_marker_and_the_separable_ones_are_open() -> None:
    first, second, third = marks(draw(rows()).axes[0])
    assert (first.get_marker(), second.get_marker()) == ("D", "o")
    assert same_color(first.get_markerfacecolor(), style.GREEN)
    assert same_color(second.get_color(), style.INK)
    assert same_color(third.get_markerfacecolor(), "white")


def test_the_legend_names_what_stands_out_only_where_something_does() -> None:
    assert legend(draw(rows()).axes[0])[0] == "good"
    assert "good" not in legend(draw(rows(good=False)).axes[0])
    other = replace(HIGHLIGHT, label="chosen")
    assert legend(draw(rows(), highlight=other).axes[0])[0] == "chosen"


def test_simultaneous_intervals_are_drawn_where_the_table_has_them() -> None:
    assert len(marks(draw(rows(2)).axes[0])) == 2
    wide = draw(rows(2, half_simultaneous=0.8)).axes[0]
    assert len(marks(wide)) == 4
    none = draw(rows(2, half_width=np.nan)).axes[0]
    assert not any(container.has_xerr for container in none.containers if isinstance(container, ErrorbarContainer))
    assert len(marks(none)) == 2, "the mean is drawn without an interval"


def test_many_lines_move_together() -> None:
    few, many = draw(rows(10)), draw(rows(30))
    assert np.isclose(few.get_figheight() * 25.4, ranking.HEAD + 10 * ranking.LINE)
    assert np.isclose(many.get_figheight() * 25.4, ranking.HEAD + 30 * ranking.DENSE_LINE)
