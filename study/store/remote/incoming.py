"""What is fetched from a store: the files that a working copy lacks, each checked against its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from mtl_core.errors import UserError
from study.store.atomic_files import durable_file, write_durably
from study.store.ledger import NAME as LEDGER
from study.store.remote.commits import State
from study.store.remote.digests import Digests, digest_of
from study.store.remote.files import local_files
from study.store.remote.object_storage import ObjectStorage
from study.store.remote.side_by_side import each

MUCH = 64 << 20
"""Bytes from which on it is said that they are fetched."""


class Gone(Exception):
    """The error of an object that is not there as a commit says, so that another look at the log may help."""


class Incoming:
    """Fetches files into a working copy.

    Args:
        storage: of the address.
        run: the run directory.
        digests: of its files.
    """

    def __init__(self, storage: ObjectStorage, run: Path, digests: Digests) -> None:
        self.storage, self.run, self.digests = storage, run, digests

    def fetch(self, state: State, without: Collection[str], *, patient: bool) -> State:
        """Make the working copy equal to ``state``, or add what it lacks of it where it goes beyond.

        Returns ``state`` without the files that are damaged in the store, so that they are sent anew once they are made
        anew.

        Args:
            state: of the store.
            without: folders whose files are not fetched.
            patient: whether to raise where an object is missing, rather than to say so and to go on.

        Raises:
            Gone: an object is missing or damaged, and ``patient``.
            UserError: it is the ledger or a description of the study, and not ``patient``.
        """
        here = {path for path, _ in local_files(self.run)}
        goes_beyond = self.begins_with(state)
        for path in () if goes_beyond else here - state.files.keys():
            (self.run / path).unlink(missing_ok=True)
        wanted = [path for path in state.files if path.partition("/")[0] not in without]
        if goes_beyond:
            lacking = [path for path in wanted if path not in here]
        else:
            lacking = [path for path in wanted if self.digests.of(path) != state.files[path]]
        size = sum(state.files[path].size for path in lacking)
        if size > MUCH:
            self.storage.say(f"{self.storage.address}: {size / 2**20:,.0f} MiB to fetch")
        sound = each(self.storage, lambda path: self._is_fetched(state, path, patient=patient), lacking)
        if not goes_beyond:  # last, so that a copy that is half fetched is not taken for a whole one
            self._fetch_ledger(state, patient=patient)
        damaged = {path for path, is_sound in zip(lacking, sound, strict=True) if not is_sound}
        return replace(state, files={path: one for path, one in state.files.items() if path not in damaged})

    def begins_with(self, state: State) -> bool:
        """Return whether the ledger of the working copy begins with the whole of the store's."""
        path, base = self.run / LEDGER, state.ledger
        if not path.is_file():
            return False
        content, size = path.read_bytes(), base.size if base else 0
        same = base is None or hashlib.sha256(content[:size]).hexdigest() == base.digest
        return same and content[size:].startswith(state.lines)

    def _is_fetched(self, state: State, path: str, *, patient: bool) -> bool:
        """Fetch a file, and return whether it was sound; what a damaged one held can be made again."""
        try:
            self._fetch(state, path)
        except Gone:
            if patient:
                raise
            if "/" not in path:
                raise self._lost(path) from None
            (self.run / path).unlink(missing_ok=True)
            where = f"{self.storage.address}: {path}"
            self.storage.say(f"{where} is missing or damaged in the store; what it held is made again")
            return False
        return True

    def _fetch(self, state: State, path: str) -> None:
        wanted = state.files[path]
        with durable_file(self.run / path) as file:
            if self.storage.download(wanted.key, file, wanted.size) != wanted.size:
                raise Gone(path)
            file.flush()
            with open(file.name, "rb") as written:
                if digest_of(written) != wanted.digest:
                    raise Gone(path)

    def _fetch_ledger(self, state: State, *, patient: bool) -> None:
        base, content = state.ledger, b""
        if base is not None:
            content = self.storage.read(base.key, base.size) or b""
            if hashlib.sha256(content).hexdigest() != base.digest:
                raise Gone(LEDGER) if patient else self._lost(LEDGER)
        write_durably(self.run / LEDGER, content + state.lines)

    def _lost(self, path: str) -> UserError:
        remedy = "Begin a new study under another address, or bring back the machine that has the file."
        return UserError(f"{self.storage.address}: {path}", "this file is missing or damaged in the store.", remedy)
