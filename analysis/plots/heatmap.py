"""Heat maps: seaborn draws cells and numbers; labels and the colour of the numbers are ours.

Seaborn writes white from a luminance of 0.408 down, which on orange and on middle grey is the fainter of the two.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from seaborn.utils import relative_luminance

from analysis.plots import style

EVEN_LUMINANCE = 0.21
"""Relative luminance (WCAG 2.1) of the background on which ink and white have the same contrast."""


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
