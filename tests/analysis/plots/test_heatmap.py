"""Heat maps: what stands where, in which colour."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from seaborn.utils import relative_luminance

from analysis.plots import heatmap, style

VALUES = pd.DataFrame([[-1.0, 0.0], [1.0, np.nan], [0.25, -0.25]], index=["a", "b", "$x{$"], columns=[16, 64])
TEXTS = VALUES.map(lambda value: f"{value:+.2f}")


@pytest.fixture
def drawn() -> Figure:
    with style.style():
        figure = style.canvas(80, 80)
        heatmap.draw(figure.subplots(), VALUES, TEXTS, colours=style.DIVERGING, limits=(-1, 1))
        figure.draw_without_rendering()
    return figure


def test_the_first_row_is_at_the_top_and_the_labels_are_index_and_columns(drawn: Figure) -> None:
    axes = drawn.axes[0]
    assert axes.yaxis.get_inverted()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "$x{$"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["16", "64"]
    assert {label.get_rotation() for label in axes.get_yticklabels()} == {0.0}
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("", "")


def test_every_cell_has_its_number_at_its_centre_and_an_empty_cell_has_none(drawn: Figure) -> None:
    found = {text.get_position(): text.get_text() for text in drawn.axes[0].texts}
    assert found == {
        (0.5, 0.5): "-1.00", (1.5, 0.5): "+0.00", (0.5, 1.5): "+1.00", (0.5, 2.5): "+0.25", (1.5, 2.5): "-0.25",
    }  # fmt: skip


def test_colours_follow_the_limits(drawn: Figure) -> None:
    (mesh,) = drawn.axes[0].collections
    cells = mesh.get_facecolor()[:, :3]
    assert cells[0] == pytest.approx(to_rgb(style.ORANGE), abs=0.01)
    assert cells[1] == pytest.approx((1, 1, 1), abs=0.01)
    assert cells[2] == pytest.approx(to_rgb(style.BLUE), abs=0.01)


def test_a_number_has_the_colour_of_the_larger_contrast(drawn: Figure) -> None:
    axes = drawn.axes[0]
    cells = axes.collections[0].get_facecolor().reshape(*VALUES.shape, 4)

    def contrast(one: float, other: float) -> float:
        return (max(one, other) + 0.05) / (min(one, other) + 0.05)

    for text in axes.texts:
        column, row = (int(place) for place in text.get_position())
        behind = float(relative_luminance(cells[row, column]))
        inks = {ink: contrast(behind, float(relative_luminance(to_rgb(ink)))) for ink in ("white", style.INK)}
        assert text.get_color() == max(inks, key=lambda ink: inks[ink]), text.get_text()
        assert max(inks.values()) > 4.5, "WCAG AA"


def test_without_texts_nothing_stands_in_the_cells_and_cells_may_be_squares() -> None:
    figure = style.canvas(80, 40)
    heatmap.draw(figure.subplots(), VALUES, None, colours=style.SEQUENTIAL, limits=(-1, 1), square=True)
    assert not figure.axes[0].texts
    assert figure.axes[0].get_aspect() == 1.0


def test_a_wild_value_does_not_bleach_the_others() -> None:
    usual = [1.0, -2.0, 3.0, -1.5, 2.5, 0.5]
    assert heatmap.robust_limit(pd.Series(usual), at_least=2.0) == 3.0
    wild = pd.Series([*usual, -5e14, np.nan, np.inf])
    assert 3.0 < heatmap.robust_limit(wild, at_least=2.0) < 10.0
    low, high = heatmap.robust_range(pd.Series([40.0, 41.0, 42.0, 43.0, 44.0, -5e14]))
    assert (high, 30.0 < low < 40.0) == (44.0, True)
    assert heatmap.robust_range(pd.Series([40.0, 42.0])) == (40.0, 42.0)


def test_a_scale_without_values_or_of_tiny_ones_is_not_empty() -> None:
    assert heatmap.robust_limit(pd.Series([np.nan]), at_least=2.0) == 2.0
    assert heatmap.robust_limit(pd.Series([0.1, 0.2]), at_least=2.0) == 2.0
    low, high = heatmap.robust_range(pd.Series([np.nan]))
    assert low < high


@pytest.mark.parametrize(("value", "extended"), [(0.5, "neither"), (3.0, "max"), (-3.0, "min")])
def test_the_scale_stands_beside_the_map_and_its_end_is_pointed_where_values_lie_beyond(
    drawn: Figure, value: float, extended: str
) -> None:
    axes = drawn.axes[0]
    bar = heatmap.colour_bar(axes, pd.Series([0.0, value]))
    assert bar.ax in axes.child_axes
    assert (bar.vmin, bar.vmax, bar.extend) == (-1.0, 1.0, extended)
