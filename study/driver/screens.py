"""What a terminal shows while a study runs: a live display, a line now and then, or lines of JSON."""

from __future__ import annotations

import json
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from study.config.durations import duration
from study.config.suite import SuitePosition
from study.config.text import printable
from study.driver.progress import ProgressMonitor, StudyProgress
from study.execution.backend import Backend
from study.execution.scheduler import Scheduler
from study.planning.prepare import Prepared
from study.store.archive import Archive

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

LIVE_SECONDS, LINE_SECONDS = 0.5, 30.0
NO_MACHINE = "waiting: no machine of the cluster can train"


class Screen(ABC):
    """Shows the progress of a study from a thread of its own, so that no back end has to think of it.

    Args:
        monitor: measures the progress.
        seconds: between two measurements.
    """

    def __init__(self, monitor: ProgressMonitor, seconds: float) -> None:
        self.monitor, self.seconds = monitor, seconds

    @contextmanager
    def showing(self, scheduler: Scheduler) -> Iterator[None]:
        """Show the progress of ``scheduler`` while the block runs."""
        over = threading.Event()

        def keep_showing() -> None:
            while not over.wait(self.seconds):
                self.show(self.monitor.progress(scheduler))

        thread = threading.Thread(target=keep_showing, name="screen", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(timeout=5)
            self.show(self.monitor.progress(scheduler))
            self.end()

    @abstractmethod
    def show(self, progress: StudyProgress) -> None:
        """Show the progress of this moment."""

    def end(self) -> None:  # noqa: B027 - most screens have nothing to put back
        """Restore the terminal when the study has ended."""


class Silent(Screen):
    """Shows nothing."""

    @contextmanager
    def showing(self, scheduler: Scheduler) -> Iterator[None]:
        """Run the block and show nothing."""
        yield

    def show(self, progress: StudyProgress) -> None:
        """Show nothing."""


class Lines(Screen):
    """Writes one line now and then: for logs."""

    last, said = "", 0.0

    def show(self, progress: StudyProgress) -> None:
        """Write the line, unless it would repeat one that was just written; after a while it says so again."""
        best = f", best mean skill so far {progress.best[0][0]} ({progress.best[0][1]:.1f})" if progress.best else ""
        failed = f", {sum(progress.failed.values())} replicas failed" if progress.failed else ""
        waiting = "" if progress.workers else f", {NO_MACHINE}"
        line = (
            f"{_study(progress)}{progress.phase}: {progress.count}, {progress.share:.0%} of the study"
            f"{_left(progress, ', ')}{best}{failed}{waiting}"
        )
        if line != self.last or time.monotonic() - self.said >= LINE_SECONDS:
            print(line, file=sys.stderr, flush=True)
            self.last, self.said = line, time.monotonic()


class Json(Screen):
    """Writes one JSON object a line: for programs."""

    def show(self, progress: StudyProgress) -> None:
        """Write the line."""
        print(json.dumps({"event": "progress", **asdict(progress)}), flush=True)


class Live(Screen):
    """Redraws a display of at most 25 lines in place: for people."""

    def __init__(self, monitor: ProgressMonitor, seconds: float) -> None:
        from rich.console import Console
        from rich.live import Live as Area

        super().__init__(monitor, seconds)
        self._console = Console(stderr=True, markup=False, highlight=False, emoji=False)
        self._area: Area | None = None

    def show(self, progress: StudyProgress) -> None:
        """Redraw the display."""
        from rich.live import Live as Area

        if self._area is None:
            self._area = Area(console=self._console, auto_refresh=False, transient=True)
            self._area.start()
        self._area.update(self._drawn(progress), refresh=True)

    def end(self) -> None:
        """Remove the display."""
        if self._area is not None:
            self._area.stop()
            self._area = None

    def _drawn(self, progress: StudyProgress) -> RenderableType:
        return drawn(progress, self._console)


def drawn(progress: StudyProgress, console: Console) -> RenderableType:
    """Return the live display: :func:`lines_of` with a bar before the second."""
    from rich.console import Group
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.text import Text

    first, share, *others = lines_of(progress, console.width)
    room = max(min(console.width - 30, 50), 10)
    bar = Progress(BarColumn(room), TextColumn("{task.description}", markup=False), console=console, auto_refresh=False)
    bar.add_task(share[: console.width - room - 1], total=1000, completed=round(1000 * progress.share))
    return Group(
        Text(first, no_wrap=True, overflow="ellipsis"),
        bar.get_renderable(),
        Text("\n".join(others), no_wrap=True, overflow="ellipsis"),
    )


def lines_of(progress: StudyProgress, width: int) -> list[str]:
    """Return the progress as at most 25 lines of text, of at most ``width`` characters."""
    lines = [
        f"{_study(progress)}{progress.phase:8} {progress.count}",
        f"{progress.share:4.0%}{_left(progress, '  ')}",
        f"{len(progress.running)} of {progress.workers} workers busy" if progress.workers else NO_MACHINE,
    ]
    lines += [f"  {share:4.0%}  {label}" for label, share in progress.running[:6]]
    if progress.best:
        lines += ["best mean validation skill so far, in points, of arms with every task seen"]
        lines += [f"  {skill:5.1f}  {label}" for label, skill in progress.best]
    lines += [f"  failed {number}: {reason}" for reason, number in progress.failed.items()]
    return [printable(line)[:width] for line in lines][:25]


def _study(progress: StudyProgress) -> str:
    """Which study of a suite this is; empty for a single study."""
    return "" if progress.of == 1 else f"{progress.study} ({progress.number} of {progress.of}), "


def _left(progress: StudyProgress, before: str) -> str:
    """What is left of the study, and of the suite."""
    here, in_all = progress.seconds_left, progress.seconds_left_in_all
    parts = [] if here is None else [f"about {duration(here)} left"]
    parts += (
        [f"{duration(in_all)} with the studies after it"]
        if in_all is not None and progress.number < progress.of
        else []
    )
    return before + ", ".join(parts) if parts else ""


def screen_for(
    kind: str | None, prepared: Prepared, archive: Archive, backend: Backend, position: SuitePosition | None = None
) -> Screen:
    """Return the screen of that kind; ``auto`` is a live one on a terminal, and lines elsewhere."""
    monitor = ProgressMonitor(prepared, archive, backend, position)
    if kind is None:
        return Silent(monitor, LINE_SECONDS)
    if kind == "json":
        return Json(monitor, LINE_SECONDS)
    return Live(monitor, LIVE_SECONDS) if sys.stderr.isatty() else Lines(monitor, LINE_SECONDS)
