"""A log file beside the terminal: what is printed is appended to it line by line, each with the time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO, cast

from mtl_core.errors import UserError
from study.config.text import printable

LONGEST_LINE = 10_000
"""Characters of a line; what is longer is cut."""


class LogFile:
    """A file to which lines are appended, each after the local time with its offset.

    A file that cannot be written any more (a full disk) is given up with one line on standard error: what goes into it
    is not worth a study.

    Args:
        path: of the file, in a folder that exists.

    Raises:
        UserError: when the file cannot be opened for appending.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._handle: int | None = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            remedy = "Name a file that you may write, in a folder that exists."
            raise UserError(f"--log-file {path}", f"it cannot be opened: {error.strerror}.", remedy) from None

    def write(self, line: str) -> None:
        """Append a line; one that is empty is left out."""
        if not line.strip() or self._handle is None:
            return
        stamped = f"{datetime.now().astimezone().isoformat(timespec='seconds')} {printable(line)[:LONGEST_LINE]}\n"
        try:
            os.write(self._handle, stamped.encode(errors="backslashreplace"))  # in one call, so that lines stay whole
        except OSError as error:
            self.close()
            found = f"nothing more is written to {self.path}: {error.strerror}"
            print(printable(found), file=uncopied(sys.stderr), flush=True)

    def close(self) -> None:
        """Close the file; further lines are left out."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class CopiedStream:
    """A text stream whose whole lines also go to a log; everything else is the stream's own.

    Args:
        stream: what is written to.
        log: gets a copy.
    """

    def __init__(self, stream: TextIO, log: LogFile) -> None:
        self.uncopied, self._log, self._begun = stream, log, ""

    def write(self, text: str) -> int:
        """Write ``text``; the log gets the lines that it ends."""
        *whole, self._begun = (self._begun + text).split("\n")
        for line in whole:
            self._log.write(line)
        return self.uncopied.write(text)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the stream."""
        return getattr(self.uncopied, name)


def uncopied(stream: TextIO) -> TextIO:
    """Return the stream itself where ``stream`` is copied to a log: what is drawn on a terminal is no text for one."""
    return getattr(stream, "uncopied", stream)


@contextmanager
def copied_to(path: Path | None) -> Iterator[None]:
    """Append what the block prints to the log file ``path``, too, if one is given.

    Raises:
        UserError: when the file cannot be opened.
    """
    if path is None:
        yield
        return
    log, before = LogFile(path), (sys.stdout, sys.stderr)
    sys.stdout, sys.stderr = (cast(TextIO, CopiedStream(stream, log)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        log.close()
