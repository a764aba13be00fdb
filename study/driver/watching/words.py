"""The progress of a study in words: one line for a log, some lines for a display."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from study.config.text import printable
from study.driver.watching.counts import Counts
from study.driver.watching.device_words import device_lines, device_text, memory_in_short
from study.driver.watching.pace import rate_text
from study.driver.watching.progress import StudyProgress

MOST_LINES = 25
SHARDS_SHOWN, FAILURES_SHOWN, MACHINES_SHOWN = 6, 3, 4
FEWEST_SHARDS_SHOWN = 2
"""Shards and leading arms that are shown whatever else there is to show."""


def line_of(progress: StudyProgress) -> str:
    """Return the progress as one line, with what it says of the phase first."""
    parts = [
        f"{_study(progress)}{progress.phase}: {progress.count}",
        f"{progress.counts.share:.0%} of the study",
        *_pace(progress),
        *([f"best mean skill so far {progress.best[0][0]} ({progress.best[0][1]:.1f})"] if progress.best else []),
        *_ended_badly(progress.counts),
        *memory_in_short(progress.use),
        *([f"waiting for {progress.waiting}"] if progress.waiting else []),
    ]
    return printable(", ".join(parts))


def head_of(progress: StudyProgress) -> list[str]:
    """Return the lines above the bar: which study this is, and its replicas by phase."""
    of_suite = [f"{progress.study} ({progress.number} of {progress.of})"] if progress.of > 1 else []
    uncounted = [f"{progress.phase:8} {progress.count}"] if progress.phase not in progress.counts.done else []
    return of_suite + progress.counts.lines() + uncounted


def share_of(progress: StudyProgress) -> str:
    """Return what stands behind the bar: the share of the work, and the time left."""
    return "  ".join([f"{progress.counts.share:4.0%}", *_time_left(progress)])


def rest_of(progress: StudyProgress) -> list[str]:
    """Return the lines below the bar: who works on which device, what is waited for, which arms lead, what failed.

    Lines on GPUs take the place of shards, then of leading arms.
    """
    rate = f", {rate_text(progress.per_minute)}" if progress.per_minute is not None else ""
    use = progress.use
    where = f" on {use.device}" if use.device and not use.has_cards else ""
    lines = [f"{len(progress.running)} of {progress.workers} workers busy{where}{rate}"]
    lines += [f"  {machines_text(progress.machines)}"] if progress.machines else []
    of_device = [f"device   {device_text(use)}"] if use.has_cards else []
    of_device += device_lines(use, datetime.now(UTC), brief=True)
    lines += of_device
    lines += [f"waiting for {progress.waiting}"] if progress.waiting else []
    shards = max(SHARDS_SHOWN - len(of_device), FEWEST_SHARDS_SHOWN)
    lines += [f"  {share:4.0%}  {label}" for label, share in progress.running[:shards]]
    if progress.best:
        arms = max(len(progress.best) + SHARDS_SHOWN - shards - len(of_device), FEWEST_SHARDS_SHOWN)
        lines += ["best mean validation skill so far, in points, of arms with every task seen"]
        lines += [f"  {skill:5.1f}  {label}" for label, skill in progress.best[:arms]]
    return lines + failure_lines(progress.counts)


def lines_of(progress: StudyProgress, width: int) -> list[str]:
    """Return the progress as at most 25 lines of text, of at most ``width`` characters."""
    lines = [*head_of(progress), share_of(progress), *rest_of(progress)]
    return [printable(line)[:width] for line in lines][:MOST_LINES]


def failure_lines(counts: Counts, most: int = FAILURES_SHOWN) -> list[str]:
    """Return a line for each of the ``most`` frequent reasons of failures, and one for what diverged."""
    reasons = list(counts.failed.items())
    lines = [f"failed   {number:,} replicas: {reason}" for reason, number in reasons[:most]]
    others = sum(number for _, number in reasons[most:])
    lines += [f"failed   {others:,} replicas for other reasons; mtl-study status names them"] if others else []
    return lines + ([f"diverged {counts.diverged:,} replicas"] if counts.diverged else [])


def _ended_badly(counts: Counts) -> list[str]:
    """How many replicas failed, with the most frequent reason, and how many diverged."""
    reasons = list(counts.failed.items())
    mostly = f"mostly {reasons[0][0]}" if len(reasons) > 1 else reasons[0][0] if reasons else ""
    failed = [f"{sum(counts.failed.values()):,} replicas failed ({mostly})"] if reasons else []
    return failed + ([f"{counts.diverged:,} diverged"] if counts.diverged else [])


def machines_text(machines: Mapping[str, tuple[int, int]]) -> str:
    """Return in words how many workers are busy on the first machines, and on all others together.

    Args:
        machines: by name: shards in work there, and workers that it holds.
    """
    every = list(machines.items())
    shown = [f"{name} {busy} of {held}" for name, (busy, held) in every[:MACHINES_SHOWN]]
    others = [of for _, of in every[MACHINES_SHOWN:]]
    busy, held = sum(busy for busy, _ in others), sum(held for _, held in others)
    return ", ".join(shown + ([f"{len(others)} other machines {busy} of {held}"] if others else []))


def _study(progress: StudyProgress) -> str:
    """Which study of a suite this is; empty for a single study."""
    return "" if progress.of == 1 else f"{progress.study} ({progress.number} of {progress.of}), "


def _pace(progress: StudyProgress) -> list[str]:
    return _time_left(progress) + ([rate_text(progress.per_minute)] if progress.per_minute is not None else [])


def _time_left(progress: StudyProgress) -> list[str]:
    """What is left of the study, and of the suite."""
    here, in_all = progress.left, progress.left_in_all
    parts = [f"{here} left"] if here is not None else []
    later = in_all is not None and progress.number < progress.of
    return parts + ([f"{in_all} with the studies after it"] if later else [])
