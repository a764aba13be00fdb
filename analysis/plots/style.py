"""The style of every figure, and the one place where figures are saved.

Colours are seaborn's colour-blind palette, and never carry a message alone: blue and an upward marker mean *helped*,
orange and a downward one *hurt*, grey is neutral.  The same figure is saved with the same bytes, whatever the machine's
own matplotlib settings are.
"""

from __future__ import annotations

import functools
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib
import seaborn
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

PALETTE: list[str] = seaborn.color_palette("colorblind").as_hex()
BLUE, ORANGE, GREEN, VERMILION, PURPLE = PALETTE[:5]
GREY, FAINT, INK = "#6f6f6f", "#e4e4e4", "#222222"
DIVERGING = LinearSegmentedColormap.from_list("hurt to helped", [ORANGE, "#ffffff", BLUE])
SEQUENTIAL = LinearSegmentedColormap.from_list("skill", ["#ffffff", "#8f8f8f"])

SINGLE_COLUMN, DOUBLE_COLUMN = 89.0, 183.0
"""Widths in millimetres of one and two columns of a journal page."""

ROLES = {
    "single": (GREY, "o", "single-task"),
    "chosen": (GREEN, "D", "chosen"),
    "full": (PURPLE, "s", "fully shared"),
}
"""Colour, marker and legend of the networks that stand beside each other throughout the report."""

MARKERS = "osD^vP*X"

SETTINGS: dict[Any, Any] = {
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 7,
    "legend.fontsize": 6.5,
    "figure.titlesize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.4,
    "legend.frameon": False,
    "lines.linewidth": 1.0,
    "lines.markersize": 4,
    "text.parse_math": False,  # a task may be called "$x{$"
    "axes.formatter.use_mathtext": False,
    "axes.unicode_minus": True,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}

SCRIPTS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Arial Unicode MS")
"""Fonts with further scripts, tried in this order where they are installed."""
UNKNOWN = "\N{WHITE VERTICAL RECTANGLE}"
"""Stands for a character that no installed font has, and for control characters."""

P = ParamSpec("P")


@contextmanager
def style() -> Iterator[None]:
    """Context with matplotlib's defaults and :data:`SETTINGS`, whatever the machine's own settings are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        matplotlib.rcParams["font.family"] = ["DejaVu Sans", *_fallbacks()]
        yield


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Decorate a function that draws a figure, so that it runs in :func:`style`."""

    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with style():
            return draw(*args, **kwargs)

    return wrapper


def canvas(width: float, height: float) -> Figure:
    """Return an empty figure; ``width`` and ``height`` are in millimetres."""
    return Figure(figsize=(width / 25.4, height / 25.4), layout=ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03))


def headline(figure: Figure, text: str) -> None:
    """Write ``text`` above the figure at its left edge, broken to the figure's width."""
    width = int(figure.get_figwidth() * 25.4 / 1.75)
    shown = "\n".join(textwrap.wrap(_printable(text), width, max_lines=3, placeholder=" …"))
    figure.suptitle(shown, x=0.008, ha="left", fontweight="bold")


METADATA = {
    "svg": {"Date": None, "Format": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}
"""Metadata by format that are left out of a file: when and with what it was made."""


def save(figure: Figure, directory: Path, stem: str, *, formats: Iterable[str] = tuple(METADATA)) -> dict[str, Path]:
    """Write ``stem``.svg, .pdf and .png into ``directory`` and return the paths by format.

    Raises:
        ValueError: the stem has more than lower-case letters, digits, ``_`` and ``-``.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", stem):
        raise ValueError(f"{stem!r} is no file name for a figure: use a–z, 0–9, '_' and '-'.")
    directory.mkdir(parents=True, exist_ok=True)
    paths = {kind: directory / f"{stem}.{kind}" for kind in formats}
    with style(), matplotlib.rc_context({"svg.hashsalt": stem}):
        for kind, path in paths.items():
            figure.savefig(path, format=kind, dpi=200, metadata=METADATA[kind])
    return paths


def labels(names: Iterable[str], *, width: int = 22, lines: int = 2) -> dict[str, str]:
    """Return a short printable label for every name, no two alike.

    Args:
        names: what to label.
        width: most characters of a line.
        lines: most lines of a label.
    """
    shown: dict[str, str] = {}
    for name in names:
        label, number = _fit(_printable(name), "", width, lines), 2
        while label in shown.values():
            label, number = _fit(_printable(name), f" ({number})", width, lines), number + 1
        shown[name] = label
    return shown


def _fit(text: str, mark: str, width: int, lines: int) -> str:
    """Return ``text`` and ``mark`` on so many lines, with an ellipsis in the middle where it is too long."""
    for length in range(width * lines, 0, -1):
        wrapped = textwrap.wrap(_shorten(text, length) + mark, width, break_on_hyphens=False)
        if len(wrapped) <= lines:
            return "\n".join(wrapped) or UNKNOWN
    return UNKNOWN + mark


def unprintable(names: Iterable[str]) -> str:
    """Return a sentence for the caption where a name has characters that no installed font has; else nothing."""
    if all(_printable(name) == name for name in names):
        return ""
    return f"{UNKNOWN} stands for a character that no installed font has."


def series(place: int, count: int) -> dict[str, Any]:
    """Return colour and marker of line ``place`` of ``count`` ordered ones, for ``errorbar``: from light to dark."""
    grey = f"{0.68 - 0.6 * place / max(1, count - 1):.2f}"
    return {
        "color": grey,
        "marker": MARKERS[place % len(MARKERS)],
        "markersize": 3,
        "linewidth": 0.8,
        "elinewidth": 0.8,
    }


def zero_line(axes: Axes, band: float, *, vertical: bool = True) -> None:
    """Draw the line of no difference, and around it ``band`` points of no practical difference."""
    span, line = (axes.axvspan, axes.axvline) if vertical else (axes.axhspan, axes.axhline)
    span(-band, band, color=FAINT, linewidth=0, zorder=0)
    line(0, color=INK, linewidth=0.6, zorder=1)


def _shorten(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    tail = length // 3
    return f"{text[: length - tail - 1].rstrip()}…{text[-tail:].lstrip()}"


def _printable(text: str) -> str:
    plain = "".join(" " if char.isspace() else char for char in unicodedata.normalize("NFC", text))
    return "".join(
        char if ord(char) in _glyphs() and unicodedata.category(char)[0] != "C" else UNKNOWN for char in plain
    ).strip()


@functools.cache
def _fallbacks() -> tuple[str, ...]:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return tuple(name for name in SCRIPTS if name in installed)


@functools.cache
def _glyphs() -> frozenset[int]:
    """Code points of the characters that some installed font has."""
    fonts = ["DejaVu Sans", *_fallbacks()]
    files = [font_manager.findfont(name, fallback_to_default=False) for name in fonts]
    return frozenset().union(*(font_manager.get_font(file).get_charmap() for file in files))
