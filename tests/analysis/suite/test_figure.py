"""The figure of a ranking: its lines, numbers, marks and legend say what the table says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.patches import Rectangle

from analysis.suite.figure import figure
from analysis.suite.ranking import Ranking
from analysis.suite.sentences import title
from tests.analysis.suite.conftest import FIRST, LACKING, SuiteOf, by_hand, ranking_of

FOUND = by_hand(("a", 4.0, False), ("b", 3.9, False), ("c", 1.0, True))
LOST = by_hand(("a", 4.0, False), ("b", 1.0, True), reasons={"c": "second: too odd"})


def axes_of(ranking: Ranking) -> Axes:
    return figure(ranking).axes[0]


def ticks(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def numbers(axes: Axes) -> list[str]:
    """What stands at the right of every line."""
    (right,) = axes.child_axes
    return [label.get_text() for label in right.get_yticklabels()]


def means(axes: Axes) -> list[Any]:
    return [part for part in axes.containers if isinstance(part, ErrorbarContainer)]


def small_marks(axes: Axes) -> list[Any]:
    """The small marks of every set, in the order of the sets."""
    return [line for line in axes.lines if line.get_markersize() == 3.8]


def test_a_line_for_every_method_best_at_the_top_with_its_number() -> None:
    drawn = figure(FOUND)
    axes = drawn.axes[0]
    assert ticks(axes) == ["a", "b", "c"]
    assert numbers(axes) == ["+4.0 ± 1.0", "+3.9 ± 1.0", "+1.0 ± 1.0"]
    bottom, top = axes.get_ylim()
    assert bottom > 2 > 0 > top
    assert axes.get_xlabel() == "gain over tuned single-task networks of the reference width (points of skill)"
    assert [part[0].get_xdata()[0] for part in means(axes)] == [4.0, 3.9, 1.0]
    assert any(title(FOUND)[:20] in text.get_text().replace("\n", " ") for text in (*drawn.texts, axes.title))


def test_what_is_behind_the_best_is_hollow_and_ties_are_filled() -> None:
    faces = [part[0].get_markerfacecolor() for part in means(axes_of(FOUND))]
    assert faces[0] == faces[1] != faces[2]
    assert to_hex(faces[2]) == "#ffffff"


def test_a_gain_without_an_interval_has_no_bar_and_no_half_width() -> None:
    bare = replace(FOUND, means=FOUND.means.assign(half_width=[1.0, 1.0, np.nan]))
    axes = axes_of(bare)
    assert numbers(axes) == ["+4.0 ± 1.0", "+3.9 ± 1.0", "+1.0"]
    assert [part.has_xerr for part in means(axes)] == [True, True, False]


def test_what_is_not_ranked_stands_below_a_line_with_its_small_marks_alone() -> None:
    cells = FOUND.cells[(FOUND.cells["task_set"] == "first") & (FOUND.cells["method"] == "c")].assign(gain=2.5)
    shown = replace(LOST, cells=pd.concat([cells, LOST.cells]))
    axes = axes_of(shown)
    assert ticks(axes) == ["a", "b", "c"]
    assert numbers(axes)[-1] == "not ranked"
    assert len(means(axes)) == 2
    first, second = small_marks(axes)
    assert first.get_xdata().tolist() == [4.0, 1.0, 2.5]
    assert second.get_xdata().tolist() == pytest.approx([4.0, 1.0, np.nan], nan_ok=True)
    assert len([line for line in axes.lines if set(np.ravel(line.get_ydata())) == {1.5}]) == 1
    assert not [line for line in axes_of(FOUND).lines if set(np.ravel(line.get_ydata())) == {2.5}]


def test_the_legend_names_every_set_by_a_mark_that_is_not_the_means() -> None:
    axes = axes_of(FOUND)
    legend = axes.get_legend()
    assert legend is not None
    said = [text.get_text() for text in legend.get_texts()]
    assert said == ["mean, not separable from the best", "mean, behind the best", "first", "second"]
    markers = [line.get_marker() for line in small_marks(axes)]
    assert len(set(markers)) == 2
    assert "o" not in markers


def test_the_band_is_drawn_where_the_studies_agree_on_one() -> None:
    def width(ranking: Ranking) -> float:
        (band,) = axes_of(ranking).patches
        assert isinstance(band, Rectangle)
        return band.get_width()

    assert width(FOUND) == pytest.approx(2.0)
    assert width(replace(FOUND, band=np.nan)) == 0


def test_a_real_ranking_with_a_method_missing_is_drawn(suite_of: SuiteOf) -> None:
    found = ranking_of(suite_of({"first": FIRST, "lacking": LACKING}))
    axes = axes_of(found)
    assert ticks(axes) == list(found.means["method"])
    assert numbers(axes).count("not ranked") == 1
