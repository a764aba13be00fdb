"""What many studies of one design said that was false, and what their intervals covered.

``python -m tests.truth.calibration 100`` prints the table of FINDINGS, with 100 studies a design, and
``python -m tests.truth.calibration 100 40`` that of studies which go on to 40 replicas while seeds limit the verdict.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.statistics.families import judged_together, pooled_over_tasks
from analysis.statistics.paired_gains import gain_of
from analysis.statistics.verdicts import HELPED, HURT, TIE, UNDECIDED
from tests.truth.growing_studies import grown
from tests.truth.ridge_studies import HEAVY, RARE, SYMMETRIC, Design, study

BAND = 1.0
PATTERNS = {"zero": (0.0,), "edge": (1.0, -1.0), "mixed": (0.0, 1.0, -1.0, 4.0, -6.0)}
DRAWN = (0.5, 2.0)
"""Mean and standard deviation of the true gains for which partly pooled intervals are tried."""
DESIGNS = ((1, 10), (5, 10), (5, 30))
"""Folds and verdict replicas: a test split, cross-fitting with as many replicas, and with three times as many."""


def allowed(gain: float) -> set[str]:
    """Return the words that are not false of a true gain; on the band's edge none but *undecided* is true."""
    if abs(gain) == BAND:
        return {UNDECIDED}
    return {UNDECIDED, TIE if abs(gain) < BAND else HELPED if gain > 0 else HURT}


@dataclass(frozen=True)
class Calibration:
    """Shares of studies or intervals, and median half-widths in points.

    Args:
        false: share of studies with a false word of any task, by pattern of true gains.
        task, mean: coverage of 95% intervals.
        pooled: coverage of partly pooled 95% intervals, for true gains that are normal over tasks.
        half_task, half_mean: median half-width.
        unjudged: share of the tasks for which too little was judged.
        seeds: mean number of verdict replicas.
    """

    false: dict[str, float]
    task: float
    mean: float
    pooled: float
    half_task: float
    half_mean: float
    unjudged: float
    seeds: float


def calibration(design: Design, studies: int, patterns: Sequence[str] = tuple(PATTERNS)) -> Calibration:
    """Return what ``studies`` studies of one design said."""
    rng = np.random.default_rng(21)
    false = dict.fromkeys(patterns, 0)
    seeds, task, mean, pooled, halves, half_means, lacking = [], [], [], [], [], [], []
    for _ in range(studies):
        rows = grown(design, study(design, rng))
        seeds.append(len(rows[-1]))
        for pattern in patterns:
            gains = np.resize(PATTERNS[pattern], design.num_tasks)
            moved = [part.assign(gain=part["gain"] + gain) for part, gain in zip(rows[:-1], gains, strict=True)]
            judged = judged_together(moved, BAND, 1)
            false[pattern] += any(one.word not in allowed(gain) for one, gain in zip(judged, gains, strict=True))
        lacking += [bool(one.shortage) for one in judged]
        found = [gain_of(part) for part, one in zip(rows[:-1], judged, strict=True) if not one.shortage]
        task += [covers(gain.ends) for gain in found]
        halves += [gain.half_width for gain in found]
        mean.append(covers(gain_of(rows[-1]).ends))
        half_means.append(gain_of(rows[-1]).half_width)
        drawn = rng.normal(*DRAWN, design.num_tasks)
        moved = [part.assign(gain=part["gain"] + gain) for part, gain in zip(rows[:-1], drawn, strict=True)]
        enough = [place for place, one in enumerate(judged) if not one.shortage]  # as the report pools
        together = pooled_over_tasks([moved[place] for place in enough], 1)
        true = drawn[enough]
        pooled += [] if together is None else list((together.low <= true + 1e-9) & (true <= together.high + 1e-9))
    shares = [float(np.mean(one)) if one else np.nan for one in (task, mean, pooled)]
    medians = [float(np.median(one)) if one else np.nan for one in (halves, half_means)]
    said = {name: count / studies for name, count in false.items()}
    return Calibration(said, *shares, *medians, float(np.mean(lacking)), float(np.mean(seeds)))


def covers(ends: tuple[float, float]) -> bool:
    """Return whether an interval holds 0, the true gain, to rounding."""
    return ends[0] <= 1e-9 and ends[1] >= -1e-9


def grid() -> list[Design]:
    """Return the designs of the table: all sizes with six tasks, and two and fourteen tasks on 600 rows."""
    sizes = [Design(6, rows, kind, 0.5, 1, 10) for kind in (SYMMETRIC, RARE, HEAVY) for rows in (100, 600, 3000)]
    others = [Design(tasks, 600, kind, part, 1, 10) for tasks in (2, 14) for kind, part in
              ((SYMMETRIC, 0.0), (RARE, 0.5))]  # fmt: skip
    return [replace(one, folds=folds, seeds=seeds) for one in sizes + others for folds, seeds in DESIGNS]


def growing(max_seeds: int) -> list[Design]:
    """Return the designs of the table with ten replicas to begin with, as studies that go on to ``max_seeds``."""
    return [replace(one, max_seeds=max_seeds) for one in grid() if one.seeds == 10]


def main(studies: int, max_seeds: int = 0) -> None:
    """Print one line per design."""
    for design in growing(max_seeds) if max_seeds else grid():
        found = calibration(design, studies)
        false = "  ".join(f"{name} {100 * share:.1f}%" for name, share in found.false.items())
        print(
            f"{design.num_tasks:2} tasks {design.rows:4} rows {design.kind:9} ρ {design.correlation} "
            f"folds {design.folds} seeds {found.seeds:.3g}: false {false}; covered task {found.task:.3f} mean {found.mean:.3f} "  # noqa: E501 - one line of a table
            f"pooled {found.pooled:.3f}; ± {found.half_task:.2f} mean ± {found.half_mean:.2f}; "
            f"no word {found.unjudged:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
