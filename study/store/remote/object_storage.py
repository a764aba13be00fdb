"""The storage of objects under an address: they are read, written and removed whole, and failures are tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import BinaryIO, TypeVar

from pyarrow.fs import FileSelector, FileSystem, FileType

from study.store.remote.address import Address
from study.store.remote.refusals import reason_of, refusal_of, says_no_folder, silence_of
from study.store.unwritable import is_unwritable

PATIENCE_AT_START, PATIENCE = 30.0, 240.0
"""Seconds for which failures are tried again: when a session begins, and in the midst of one."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
SECONDS_BEFORE_A_LINE, SECONDS_BETWEEN_LINES = 1.0, 20.0
CHUNK = 8 << 20
MOST_TEXT = 256 << 20
"""Bytes of an object that is read whole, unless another limit is named."""

Answer = TypeVar("Answer")


def silent(line: str) -> None:
    """Say nothing."""


@dataclass
class ObjectStorage:
    """The storage of objects under an address; it keeps the promise of :class:`study.store.storage.Storage`.

    Paths are keys below the address.  A write that returns was checked: the object is there, with its whole length.

    Args:
        system: pyarrow's file system of the store.
        address: what all keys are below.
        say: called with a line for the user while the store fails.
        patience: seconds for which a failure is tried again.

    Attributes:
        failing: whether the last request failed.
    """

    system: FileSystem
    address: Address
    say: Callable[[str], None] = silent
    patience: float = PATIENCE
    failing: bool = field(default=False, init=False)
    _told: float = field(default=-SECONDS_BETWEEN_LINES, init=False)

    def read(self, path: str, most: int = MOST_TEXT) -> bytes | None:
        """Return the content of the object at ``path``; ``None`` where there is none, or it has over ``most`` bytes."""

        def work() -> bytes | None:
            try:
                with self.system.open_input_stream(self._key(path)) as stream:
                    content = stream.read(most + 1)
            except FileNotFoundError:
                return None
            return content if len(content) <= most else None

        return self.persist(work)

    def write(self, path: str, content: bytes) -> None:
        """Write ``content`` to ``path``, and see that it arrived."""

        def work() -> None:
            self.write_unseen(path, content)
            self._refuse_torn(path, len(content))

        self.persist(work)

    def write_unseen(self, path: str, content: bytes) -> None:
        """Write ``content`` to ``path`` once, for somebody who reads it back.

        Raises:
            OSError: the store fails.
        """
        with self.system.open_output_stream(self._key(path)) as stream:
            stream.write(content)

    def upload(self, path: str, file: BinaryIO, size: int) -> None:
        """Write the ``size`` bytes of an open file to ``path`` piece by piece, and see that they arrived."""

        def work() -> None:
            file.seek(0)
            sent = 0
            with self.system.open_output_stream(self._key(path)) as stream:
                while chunk := file.read(min(CHUNK, size - sent)):
                    stream.write(chunk)
                    sent += len(chunk)
                    if sent < size:
                        self._say_now_and_then(f"{sent / 2**20:,.0f} of {size / 2**20:,.0f} MiB sent")
            self._refuse_torn(path, size)

        self.persist(work)

    def download(self, path: str, file: BinaryIO, most: int) -> int | None:
        """Write the object at ``path``, of ``most`` bytes, to an open file; return the number; ``None``: no object."""

        def work() -> int | None:
            file.seek(0)
            file.truncate()
            got = 0
            try:
                with self.system.open_input_stream(self._key(path)) as stream:
                    while got <= most and (chunk := stream.read(min(CHUNK, most + 1 - got))):
                        file.write(chunk)
                        got += len(chunk)
                        if len(chunk) == CHUNK:
                            self._say_now_and_then(f"{got / 2**20:,.0f} MiB fetched")
            except FileNotFoundError:
                return None
            return got

        return self.persist(work)

    def remove(self, path: str) -> None:
        """Remove the object at ``path``, which may be missing."""

        def work() -> None:
            try:
                self.system.delete_file(self._key(path))
            except FileNotFoundError:
                return

        self.persist(work)

    def names(self, folder: str = "") -> list[str]:
        """Return the names of what lies directly in ``folder``; a store may list late what was just written.

        Raises:
            UserError: also where there is no such bucket.
        """

        def work() -> list[str]:
            try:
                found = self.system.get_file_info(FileSelector(self._key(folder), allow_not_found=False))
            except OSError as error:
                if says_no_folder(error):
                    return []
                raise
            return sorted(info.base_name for info in found)

        return self.persist(work)

    def quiet(self) -> ObjectStorage:
        """Return the storage of the same objects that says nothing and tries nothing again."""
        return replace(self, say=silent, patience=0.0)

    def persist(self, work: Callable[[], Answer]) -> Answer:
        """Do ``work`` until it succeeds, saying now and then what it waits for.

        Raises:
            UserError: the store refuses for a reason that does not pass, or fails for longer than :attr:`patience`.
            OSError: the disk of this machine is full or locked.
        """
        began, pause = time.monotonic(), FIRST_PAUSE
        while True:
            try:
                answer = work()
            except OSError as error:
                if is_unwritable(error):  # the disk of this machine: errors of a store bear no number
                    raise
                self.failing = True
                if (refusal := refusal_of(error, self.address)) is not None:
                    raise refusal from error
                waited = time.monotonic() - began
                if waited >= self.patience:
                    raise silence_of(error, self.address, waited) from error
                if waited >= SECONDS_BEFORE_A_LINE:
                    left = self.patience - waited
                    self._say_now_and_then(f"{reason_of(error)}; it is tried again, for {left:.0f} s more")
            else:
                self.failing = False
                return answer
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _refuse_torn(self, path: str, size: int) -> None:
        found = self.system.get_file_info(self._key(path))
        if found.type != FileType.File or found.size != size:
            raise OSError(f"{path} did not arrive whole")

    def _say_now_and_then(self, line: str) -> None:
        """Say a line, unless another one was said just before: several threads may wait for the same store."""
        if time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            self.say(f"{self.address}: {line}")

    def _key(self, path: str) -> str:
        return "/".join(filter(None, (self.address.bucket, self.address.prefix, path)))
