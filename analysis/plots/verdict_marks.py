"""How a verdict is drawn: a colour, a marker, and whether the marker is filled, so that no colour speaks alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.lines import Line2D

from analysis.plots.style import BLUE, GREY, ORANGE
from analysis.statistics.verdicts import (
    HELPED,
    HELPED_BY_SHARING,
    HURT,
    HURT_BY_SHARING,
    TIE,
    TRAINED_TOGETHER,
    TUNED_ALONE,
    UNDECIDED,
)

VERDICTS = {
    HELPED_BY_SHARING: (BLUE, "^", True),
    HELPED: (BLUE, "^", True),
    TRAINED_TOGETHER: (BLUE, "^", False),
    HURT_BY_SHARING: (ORANGE, "v", True),
    HURT: (ORANGE, "v", True),
    TUNED_ALONE: (ORANGE, "v", False),
    TIE: (GREY, "s", True),
    UNDECIDED: (GREY, "o", False),
    "": (GREY, "o", True),
}
"""Colour, marker and whether it is filled, by verdict."""


def verdict_mark(word: str) -> dict[str, Any]:
    """Return colour and marker of a verdict, as keyword arguments for ``plot``."""
    colour, marker, filled = VERDICTS[word]
    return {"marker": marker, "color": colour, "markerfacecolor": colour if filled else "white", "markeredgewidth": 0.9}


def verdict_legend(words: Sequence[str]) -> list[Line2D]:
    """Return legend entries for the verdicts that occur in ``words``."""
    return [
        Line2D([], [], linestyle="none", label=word, **verdict_mark(word))
        for word in VERDICTS
        if word in words and word
    ]
