"""Heat maps: seaborn draws cells and numbers; labels and the colour of the numbers are ours.

Seaborn writes white from a luminance of 0.408 down, which on orange and on middle grey is the fainter of the two.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap
from matplotlib.ticker import MaxNLocator
from seaborn.utils import relative_luminance

from analysis.plots import style

EVEN_LUMINANCE = 0.21
"""Relative luminance (WCAG 2.1) of the background on which ink and white have the same contrast."""

REACH = 2.0
"""How far a scale reaches, in quartiles or interquartile ranges: a wild value must not bleach all other cells."""


def robust_limit(values: pd.Series, *, at_least: float) -> float:
    """Return the end of a scale that is symmetrical about zero: the largest size, at most twice the third quartile.

    Args:
        values: what the colours say; those that are no finite numbers are left out.
        at_least: smallest result.
    """
    sizes = np.abs(values.to_numpy(float))
    sizes = sizes[np.isfinite(sizes)]
    if not len(sizes):
        return at_least
    return max(at_least, min(float(sizes.max()), REACH * float(np.quantile(sizes, 0.75))))


def robust_range(values: pd.Series) -> tuple[float, float]:
    """Return the ends of a scale: those of the values, but at most two interquartile ranges beyond the quartiles.

    Args:
        values: what the colours say; those that are no finite numbers are left out.
    """
    found = values.to_numpy(float)
    found = found[np.isfinite(found)]
    if not len(found):
        return 0.0, 1.0
    low, high = np.quantile(found, (0.25, 0.75))
    reach = REACH * (high - low)
    return float(max(found.min(), low - reach)), float(min(found.max(), high + reach))


def colour_bar(axes: Axes, values: pd.Series) -> Colorbar:
    """Draw the scale of a map at its right, and return it; a pointed end says that some of ``values`` lie beyond it."""
    (mesh,) = axes.collections
    low, high = mesh.get_clim()
    below, above = bool((values < low).any()), bool((values > high).any())
    ends = "both" if below and above else "min" if below else "max" if above else "neither"
    place = axes.inset_axes((1.03, 0.0, 0.04, 1.0))
    bar = Colorbar(place, mesh, extend=ends, extendfrac=0.08, ticks=MaxNLocator(4))
    bar.outline.set_linewidth(0.4)
    place.tick_params(labelsize=5.5, length=1.5, width=0.4, pad=1)
    return bar


def draw(
    axes: Axes,
    values: pd.DataFrame,
    texts: pd.DataFrame | None,
    *,
    colours: Colormap,
    limits: tuple[float, float],
    text_size: float = 6,
    square: bool = False,
) -> None:
    """Draw ``values``, the first row at the top: the cell of row i and column j spans i to i + 1 and j to j + 1.

    Args:
        axes: where to draw.
        values: what the colours say; a cell without a value stays empty.  Its index and columns are the labels.
        texts: what stands in the cells, in the shape of ``values``; ``None``: nothing.
        colours: colour map.
        limits: values of the first and the last colour.
        text_size: of what stands in the cells, in points.
        square: whether cells are squares; else they fill the axes.
    """
    seaborn.heatmap(
        values, ax=axes, annot=False if texts is None else texts, fmt="", annot_kws={"fontsize": text_size},
        cmap=colours, vmin=limits[0], vmax=limits[1], cbar=False, square=square,
        xticklabels=False, yticklabels=False,
    )  # fmt: skip
    shares = (values.to_numpy(float) - limits[0]) / (limits[1] - limits[0])
    for text in axes.texts:
        column, row = text.get_position()
        share = float(shares[int(row), int(column)])
        text.set_color("white" if relative_luminance(colours(share)) < EVEN_LUMINANCE else style.INK)
    axes.set_xticks(np.arange(values.shape[1]) + 0.5, [str(label) for label in values.columns])
    axes.set_yticks(np.arange(values.shape[0]) + 0.5, [str(label) for label in values.index])
    axes.tick_params(length=0)
    axes.set(xlabel="", ylabel="")
