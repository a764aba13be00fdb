"""What is sent to a store: the files that it lacks, and the lines of the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from mtl_core.errors import UserError
from study.store.ledger import NAME as LEDGER
from study.store.remote.commits import CommitLog, State
from study.store.remote.digests import Digests
from study.store.remote.files import Stored, local_files
from study.store.remote.object_storage import ObjectStorage
from study.store.remote.side_by_side import each


class Outgoing:
    """Sends files of a working copy.

    Args:
        storage: of the address.
        run: the run directory.
        digests: of its files.
    """

    def __init__(self, storage: ObjectStorage, run: Path, digests: Digests) -> None:
        self.storage, self.run, self.digests = storage, run, digests

    def send_files(self, state: State, beside: Sequence[Callable[[], None]] = ()) -> dict[str, Stored]:
        """Send the files that the store lacks after ``state``, and return all that are here, by path.

        Args:
            state: of the store.
            beside: further requests, which are made at the same time: a store answers several as fast as one.
        """
        there = {one.digest for one in state.files.values()}
        here = dict(local_files(self.run))
        same = {
            path: one
            for path, one in state.files.items()
            if path in here and self.digests.known(path, here[path]) == one
        }

        found: dict[str, Stored] = {}

        def send(path: str) -> None:
            try:
                with open(self.run / path, "rb") as file:
                    stored = self.digests.of_open(path, file)
                    if stored.digest not in there:
                        self.storage.upload(stored.key, file, stored.size)
                    found[path] = stored
            except FileNotFoundError:  # a worker has removed its snapshot meanwhile
                return

        sending = [partial(send, path) for path in here if path not in same]
        each(self.storage, lambda request: request(), [*beside, *sending])
        return same | found

    def lines(self, state: State) -> bytes:
        """Return the lines of the ledger that the store lacks after ``state``."""
        path = self.run / LEDGER
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            file.seek(state.ledger_size)
            return _whole_lines(file.read())

    def send_ledger(self) -> Stored:
        """Send the whole ledger as an object."""
        path = self.run / LEDGER
        content = _whole_lines(path.read_bytes() if path.is_file() else b"")
        stored = Stored(len(content), hashlib.sha256(content).hexdigest())
        self.storage.write(stored.key, content)
        return stored

    def removals(self, keys: Iterable[str]) -> list[Callable[[], None]]:
        """Return what removes objects that no commit names any more; where it fails, a later sweep removes them."""
        quiet = self.storage.quiet()

        def remove(key: str) -> None:
            try:
                quiet.remove(key)
            except UserError:
                return

        return [partial(remove, key) for key in keys]

    def remove_commits(self, numbers: tuple[int, ...]) -> None:
        """Remove commits whose place a whole one has taken; those that cannot be removed now do no harm."""
        try:
            CommitLog(self.storage.quiet()).remove(numbers)
        except UserError:
            return

    def sweep(self, state: State) -> None:
        """Remove objects that ``state`` does not name: drivers that were killed have left them."""
        named = {one.digest for one in state.objects}
        left = [f"objects/{name}" for name in self.storage.names("objects") if name not in named]
        each(self.storage.quiet(), lambda removal: removal(), self.removals(left))


def _whole_lines(content: bytes) -> bytes:
    """The content without a last line that is torn."""
    return content[: content.rfind(b"\n") + 1]
