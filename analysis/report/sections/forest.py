"""The forest of the first screen: a line per task, drawn by the page itself, so that it fits a telephone and dark mode.

The figure for papers, with seeds and all baselines, is the transfer question's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.formatting import interval, judged_arm, points
from analysis.records.frames import each
from analysis.report.sections.tasks import ROLES, Chip, chip_of
from analysis.statistics.looks import level_of
from analysis.statistics.paired_gains import TASK

MOST_TASKS = 12
MOST_STEPS = 6
"""Largest number of steps between ticks on the axis."""


@dataclass(frozen=True)
class Line:
    """One task; places are percent of the axis, ``None`` where there is no interval."""

    name: str
    verdict: Chip
    numbers: str
    place: float
    thick: tuple[float, float] | None
    thin: tuple[float, float] | None


@dataclass(frozen=True)
class Panel:
    """One judged arm."""

    title: str
    lines: list[Line]
    more: int


@dataclass(frozen=True)
class Forest:
    """All panels on one axis: ``ticks`` are (place, label), ``band`` is where there is no practical difference."""

    panels: list[Panel]
    ticks: list[tuple[float, str]]
    band: tuple[float, float]
    caption: str

    @property
    def name_width(self) -> int:
        """Room for the names, in characters; longer ones are broken."""
        return min(20, 2 + max(len(line.name) for panel in self.panels for line in panel.lines))


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float

    def place(self, value: float) -> float:
        return round(100 * (value - self.low) / (self.high - self.low), 2)

    def span(self, low: float, high: float) -> tuple[float, float] | None:
        return (self.place(low), self.place(high)) if math.isfinite(low) and math.isfinite(high) else None


def forest(transfer: pd.DataFrame, first: str = "") -> Forest | None:
    """Return the forest of the table of the transfer question, the arm ``first`` on top; ``None`` before a verdict."""
    rows = transfer[(transfer["baseline"] == "each") & (transfer["scope"] == TASK)] if len(transfer) else transfer
    rows = rows[rows["gain"].notna()] if len(rows) else rows
    if rows.empty:
        return None
    band = float(rows["band"].iloc[0])
    axis, ticks = _axis(rows, band)
    low, high = int(rows["n"].min()), int(rows["n"].max())
    n = low if low == high else f"{low}–{high}"
    caption = (
        f"Gain in test skill over tuned single-task networks of the same width, in points; n = {n} "
        f"fresh paired seeds. Thick: {level_of(rows)} interval; thin: simultaneous; grey: no practical difference "
        f"(±{band:g})."
    )
    arms = sorted(dict.fromkeys(rows["arm"]), key=lambda arm: arm != first)
    panels = [_panel(rows[rows["arm"] == arm], axis) for arm in arms]
    span = axis.span(-band, band) or (50.0, 50.0)
    return Forest(panels, [(axis.place(tick), points(tick, digits=_digits(ticks))) for tick in ticks], span, caption)


def _panel(rows: pd.DataFrame, axis: _Axis) -> Panel:
    title = f"{ROLES[rows.iloc[0]['role']]}: {judged_arm(rows)}"
    rows = rows.sort_values(["gain", "order"], ascending=[False, True])
    hidden = max(0, len(rows) - MOST_TASKS)
    if hidden:  # the ends tell most
        rows = pd.concat([rows.head(MOST_TASKS // 2), rows.tail(MOST_TASKS - MOST_TASKS // 2)])
    return Panel(title, [_line(row, axis) for row in each(rows)], hidden)


def _line(row: Any, axis: _Axis) -> Line:
    return Line(
        name=row.task,
        verdict=chip_of(row),
        numbers=f"{points(row.gain)} {interval(row.low, row.high)}".strip(),
        place=axis.place(row.gain),
        thick=axis.span(row.low, row.high),
        thin=axis.span(row.low_simultaneous, row.high_simultaneous),
    )


def _axis(rows: pd.DataFrame, band: float) -> tuple[_Axis, list[float]]:
    ends = rows[["gain", "low_simultaneous", "high_simultaneous"]].to_numpy(dtype=float).ravel()
    ends = [*ends[[math.isfinite(end) for end in ends]], -1.5 * band, 1.5 * band, -0.1, 0.1]
    low, high = min(ends), max(ends)
    step = _step(high - low)
    margin = 0.06 * (high - low)
    axis = _Axis(low - margin, high + margin)
    first = math.ceil(axis.low / step)
    return axis, [number * step for number in range(first, math.floor(axis.high / step) + 1)]


def _step(span: float) -> float:
    """The smallest of 0.1, 0.2, 0.5, 1, 2, 5, … of which :data:`MOST_STEPS` are no less than ``span``."""
    power = max(-1, math.floor(math.log10(span / MOST_STEPS)) - 1)
    return next(
        step
        for exponent in range(power, power + 4)
        for step in (float(f"{lead}e{exponent}") for lead in (1, 2, 5))
        if span / step <= MOST_STEPS
    )


def _digits(ticks: list[float]) -> int:
    return 0 if all(abs(tick - round(tick)) < 1e-9 for tick in ticks) else 1
