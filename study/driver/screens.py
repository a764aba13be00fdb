"""What a terminal shows while a study runs: a live picture, a line now and then, or lines of JSON."""

from __future__ import annotations

import json
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from study.config.durations import duration
from study.config.suite import SuitePosition
from study.config.text import printable
from study.driver.progress import Picture, Watcher
from study.execution.backend import Backend
from study.execution.scheduler import Scheduler
from study.planning.prepare import Prepared
from study.store.archive import Archive

if TYPE_CHECKING:
    from rich.text import Text

LIVE_SECONDS, LINE_SECONDS = 0.5, 30.0


class Screen(ABC):
    """Shows pictures from a thread of its own, so that no back end has to think of it.

    Args:
        watcher: takes the pictures.
        seconds: between two of them.
    """

    def __init__(self, watcher: Watcher, seconds: float) -> None:
        self.watcher, self.seconds = watcher, seconds

    @contextmanager
    def showing(self, scheduler: Scheduler) -> Iterator[None]:
        """Show the progress of ``scheduler`` while the block runs."""
        over = threading.Event()

        def keep_showing() -> None:
            while not over.wait(self.seconds):
                self.show(self.watcher.picture(scheduler))

        thread = threading.Thread(target=keep_showing, name="screen", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(timeout=5)
            self.show(self.watcher.picture(scheduler))
            self.end()

    @abstractmethod
    def show(self, picture: Picture) -> None:
        """Show one picture."""

    def end(self) -> None:  # noqa: B027 - most screens have nothing to put back
        """Leave the terminal as it should stay."""


class Silent(Screen):
    """Shows nothing."""

    @contextmanager
    def showing(self, scheduler: Scheduler) -> Iterator[None]:
        """Run the block."""
        yield

    def show(self, picture: Picture) -> None:
        """Show nothing."""


class Lines(Screen):
    """One line now and then: for logs."""

    def show(self, picture: Picture) -> None:
        """Write the line."""
        best = f", best so far {picture.best[0][0]} ({picture.best[0][1]:.1f})" if picture.best else ""
        failed = f", {sum(picture.failed.values())} replicas failed" if picture.failed else ""
        print(
            f"{_study(picture)}{picture.phase}: {picture.count}, {picture.share:.0%} of the study"
            f"{_left(picture, ', ')}{best}{failed}",
            file=sys.stderr,
            flush=True,
        )


class Json(Screen):
    """One JSON object a line: for programs."""

    def show(self, picture: Picture) -> None:
        """Write the line."""
        print(json.dumps({"event": "progress", **asdict(picture)}), flush=True)


class Live(Screen):
    """A picture that is drawn anew in place, at most 25 lines high."""

    def __init__(self, watcher: Watcher, seconds: float) -> None:
        from rich.console import Console
        from rich.live import Live as Area

        super().__init__(watcher, seconds)
        self._console = Console(stderr=True, markup=False, highlight=False, emoji=False)
        self._area: Area | None = None

    def show(self, picture: Picture) -> None:
        """Draw it."""
        from rich.live import Live as Area

        if self._area is None:
            self._area = Area(console=self._console, auto_refresh=False, transient=True)
            self._area.start()
        self._area.update(self._drawn(picture), refresh=True)

    def end(self) -> None:
        """Remove the picture."""
        if self._area is not None:
            self._area.stop()
            self._area = None

    def _drawn(self, picture: Picture) -> Text:
        from rich.text import Text

        return Text("\n".join(lines_of(picture, self._console.width)), no_wrap=True, overflow="ellipsis")


def lines_of(picture: Picture, width: int) -> list[str]:
    """The live picture as lines of text."""
    room = max(min(width - 30, 50), 10)
    filled = round(picture.share * room)
    lines = [
        f"{_study(picture)}{picture.phase:8} {picture.count}",
        f"{'█' * filled}{'░' * (room - filled)} {picture.share:4.0%}{_left(picture, '  ')}",
        f"{len(picture.running)} of {picture.workers} workers busy",
    ]
    lines += [f"  {share:4.0%}  {label}" for label, share in picture.running[:6]]
    if picture.best:
        lines += ["best validation skill so far, in points"]
        lines += [f"  {skill:5.1f}  {label}" for label, skill in picture.best]
    lines += [f"  failed {number}: {reason}" for reason, number in picture.failed.items()]
    return [printable(line)[:width] for line in lines][:25]


def _study(picture: Picture) -> str:
    """Which study of a suite this is; of a single study nothing."""
    return "" if picture.of == 1 else f"{picture.study} ({picture.number} of {picture.of}), "


def _left(picture: Picture, before: str) -> str:
    """What is left of the study, and of the suite."""
    here, in_all = picture.seconds_left, picture.seconds_left_in_all
    parts = [] if here is None else [f"about {duration(here)} left"]
    parts += (
        [f"{duration(in_all)} with the studies after it"] if in_all is not None and picture.number < picture.of else []
    )
    return before + ", ".join(parts) if parts else ""


def screen_for(
    kind: str | None, prepared: Prepared, archive: Archive, backend: Backend, position: SuitePosition | None = None
) -> Screen:
    """The screen that was asked for; ``auto`` looks whether a person sits before it."""
    watcher = Watcher(prepared, archive, backend, position)
    if kind is None:
        return Silent(watcher, LINE_SECONDS)
    if kind == "json":
        return Json(watcher, LINE_SECONDS)
    return Live(watcher, LIVE_SECONDS) if sys.stderr.isatty() else Lines(watcher, LINE_SECONDS)
