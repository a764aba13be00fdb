"""What shows a study while it runs: a live display, a line now and then, lines of JSON, and files."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from study.config.text import printable
from study.driver.backend_choice import RunOptions
from study.driver.watching.counts import Work
from study.driver.watching.log_file import LogFile, uncopied
from study.driver.watching.metrics_file import MetricsFile
from study.driver.watching.progress import ProgressMonitor, StudyProgress
from study.driver.watching.screen import LINE_SECONDS, Screen
from study.driver.watching.status_note import StatusNotes
from study.driver.watching.words import head_of, line_of, rest_of, share_of
from study.execution.backend import Backend
from study.execution.scheduler import Scheduler
from study.planning.prepare import Prepared
from study.store.archive import Archive

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

LIVE_SECONDS = 0.5


class Lines(Screen):
    """Writes one line now and then: for logs.

    Args:
        write: writes a line.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write, self._last, self._said = write, "", 0.0

    def show(self, progress: StudyProgress) -> None:
        """Write the line, unless it would repeat one that was just written; after a while it says so again."""
        line = line_of(progress)
        if line != self._last or time.monotonic() - self._said >= LINE_SECONDS:
            self._write(line)
            self._last, self._said = line, time.monotonic()


class Json(Screen):
    """Writes one JSON object a line: for programs."""

    def show(self, progress: StudyProgress) -> None:
        """Write the line."""
        print(json.dumps({"event": "progress", **progress.facts()}), file=uncopied(sys.stdout), flush=True)


class Live(Screen):
    """Redraws a display of at most 25 lines in place: for people."""

    seconds = LIVE_SECONDS

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live as Area

        self._console = Console(file=uncopied(sys.stderr), markup=False, highlight=False, emoji=False)
        self._area: Area | None = None

    def show(self, progress: StudyProgress) -> None:
        """Redraw the display."""
        from rich.live import Live as Area

        if self._area is None:
            self._area = Area(console=self._console, auto_refresh=False, transient=True)
            self._area.start()
        self._area.update(drawn(progress, self._console), refresh=True)

    def end(self) -> None:
        """Remove the display."""
        if self._area is not None:
            self._area.stop()
            self._area = None


def drawn(progress: StudyProgress, console: Console) -> RenderableType:
    """Return the live display: the lines of :func:`study.driver.watching.words.lines_of`, with a bar in one."""
    from rich.console import Group
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.text import Text

    room = max(min(console.width - 36, 50), 10)
    bar = Progress(BarColumn(room), TextColumn("{task.description}", markup=False), console=console, auto_refresh=False)
    share = printable(share_of(progress))[: console.width - room - 1]
    bar.add_task(share, total=1000, completed=round(1000 * progress.counts.share))
    above, below = ("\n".join(map(printable, lines)) for lines in (head_of(progress), rest_of(progress)))
    wide = {"no_wrap": True, "overflow": "ellipsis"}
    return Group(Text(above, **wide), bar.get_renderable(), Text(below, **wide))


class Watch:
    """Shows the progress of a study from a thread of its own, so that no back end has to think of it.

    Args:
        monitor: measures the progress.
        screens: show it.
    """

    def __init__(self, monitor: ProgressMonitor, screens: Sequence[Screen]) -> None:
        self.monitor, self.screens = monitor, screens

    @contextmanager
    def showing(self, scheduler: Scheduler) -> Iterator[None]:
        """Show the progress of ``scheduler`` while the block runs, each screen at its own pace."""
        if not self.screens:
            yield
            return
        self._show(scheduler, self.screens)
        over = threading.Event()
        thread = threading.Thread(target=self._keep_showing, args=(scheduler, over), name="screen", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(timeout=5)
            self._show(scheduler, self.screens)
            for screen in self.screens:
                screen.end()

    def _keep_showing(self, scheduler: Scheduler, over: threading.Event) -> None:
        shown = dict.fromkeys(self.screens, time.monotonic())
        while not over.wait(min(screen.seconds for screen in self.screens)):
            now = time.monotonic()
            due = [screen for screen in self.screens if now - shown[screen] >= screen.seconds - 0.1]
            shown |= dict.fromkeys(due, now)
            if due:
                self._show(scheduler, due)

    def _show(self, scheduler: Scheduler, screens: Sequence[Screen]) -> None:
        progress = self.monitor.progress(scheduler)
        for screen in screens:
            screen.show(progress)


def watch_of(
    options: RunOptions, prepared: Prepared, archive: Archive, backend: Backend, scratch: Path, work: Work | None = None
) -> Watch:
    """Return what watches a study: the screen and the files that the options name, and a note for ``status``.

    Raises:
        UserError: when one of the files cannot be written.
    """
    monitor = ProgressMonitor(prepared, archive, backend, options.position, work)
    screens: list[Screen] = [StatusNotes(scratch)]
    screens += [] if options.screen is None else [_on_the_terminal(options.screen)]
    if options.log_file is not None:
        screens.append(Lines(LogFile(options.log_file).write))
    if options.metrics_file is not None:
        screens.append(MetricsFile(options.metrics_file))
    return Watch(monitor, screens)


def _on_the_terminal(kind: str) -> Screen:
    """The screen of that kind; ``auto`` is a live one on a terminal, and lines elsewhere."""
    if kind == "json":
        return Json()
    return Live() if sys.stderr.isatty() else Lines(_to_standard_error)


def _to_standard_error(line: str) -> None:
    print(line, file=uncopied(sys.stderr), flush=True)
