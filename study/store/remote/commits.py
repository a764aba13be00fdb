"""The log of commits: numbered objects that say which files came and went, and what was appended to the ledger.

Each number is written once.  One whose writing failed or was broken off is left alone, whatever became of it, and the
commit after it is *whole*: it lists all files, and the ledger's beginning is an object among them.  Readers begin at
the whole commit that ``head.json`` names and go on number by number, so they need no listing, which may lag.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mtl_core.errors import UserError
from study.store.remote.files import MOST_FILES, Stored, may_be_stored, stored_of
from study.store.remote.object_storage import ObjectStorage

HEAD, COMMITS = "head.json", "commits"
FORMAT = 1
MOST_BURNED = 4
"""Numbers in a row that may be missing because their writing was broken off."""


class Torn(ValueError):
    """The error of a commit that did not arrive whole; such a one counts as missing."""


@dataclass(frozen=True)
class Commit:
    """What one commit says.

    Args:
        session: of the driver that wrote it.
        whole: whether ``files`` are all files, and not those that came (or, with ``None``, went).
        files: by path.
        ledger: the ledger's beginning as an object; in a whole commit alone.
        begins: the byte of the ledger with which ``lines`` begin.
        lines: lines of the ledger.
    """

    session: str
    whole: bool
    files: Mapping[str, Stored | None]
    ledger: Stored | None = None
    begins: int = 0
    lines: bytes = b""

    def encoded(self) -> bytes:
        """Return the content of the object."""
        files = {path: None if one is None else [one.size, one.digest] for path, one in self.files.items()}
        ledger = None if self.ledger is None else [self.ledger.size, self.ledger.digest]
        facts = {"format": FORMAT, "session": self.session, "whole": self.whole, "files": files, "ledger": ledger}
        return json.dumps(facts | {"begins": self.begins, "lines": self.lines.decode()}).encode()


@dataclass(frozen=True)
class State:
    """A study as the store has it at one moment.

    Args:
        number: of the last commit; 0: there is none.
        files: all files, by path.
        ledger: the ledger's beginning as an object; ``None``: nothing of it is one.
        lines: what follows it.
        numbers: of the commits that this was read from.
    """

    number: int = 0
    files: Mapping[str, Stored] = field(default_factory=dict)
    ledger: Stored | None = None
    lines: bytes = b""
    numbers: tuple[int, ...] = ()

    @property
    def ledger_size(self) -> int:
        """Bytes of the ledger."""
        return (self.ledger.size if self.ledger else 0) + len(self.lines)

    @property
    def objects(self) -> list[Stored]:
        """All objects that are named: files, and the ledger's beginning."""
        return [*self.files.values(), *([] if self.ledger is None else [self.ledger])]

    def after(self, number: int, commit: Commit) -> State:
        """Return the state after one more commit.

        Raises:
            ValueError: the commit does not follow this state.
        """
        if commit.whole:
            files = {path: one for path, one in commit.files.items() if one is not None}
            return State(number, files, commit.ledger, commit.lines, (number,))
        if commit.begins != self.ledger_size:
            raise ValueError(f"commit {number} goes on at byte {commit.begins} of a ledger of {self.ledger_size}")
        files = {path: one for path, one in {**self.files, **commit.files}.items() if one is not None}
        return State(number, files, self.ledger, self.lines + commit.lines, (*self.numbers, number))


def commit_of(content: bytes) -> Commit:
    """Return the commit of an object, which may come from anywhere.

    Raises:
        Torn: only a part of it is there.
        ValueError: it is of another version, or names a file that no study keeps.
    """
    try:
        facts: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Torn(str(error)) from None
    match facts:
        case {"format": 1, "session": str(), "whole": bool(), "files": dict(), "begins": int(), "lines": str()}:
            pass
        case _:
            raise ValueError("no commit of a study")
    if len(facts["files"]) > MOST_FILES:
        raise ValueError(f"{len(facts['files']):,} files")
    for path in facts["files"]:
        if not may_be_stored(path):
            raise ValueError(f"no study keeps a file {path[:100]!r}")
    files = {path: None if value is None else stored_of(value) for path, value in facts["files"].items()}
    ledger = None if facts.get("ledger") is None else stored_of(facts["ledger"])
    return Commit(facts["session"], facts["whole"], files, ledger, facts["begins"], facts["lines"].encode())


class CommitLog:
    """The log of commits under an address.

    Args:
        storage: the objects.
    """

    def __init__(self, storage: ObjectStorage) -> None:
        self.storage = storage

    def add(self, number: int, commit: Commit) -> None:
        """Write a commit under a number that is free, as :meth:`refuse_taken` says, and read it back.

        Raises:
            UserError: another driver has written a commit of this number.
        """
        path, content = _path(number), commit.encoded()

        def work() -> None:
            self.storage.write_unseen(path, content)
            found = self.storage.read(path)
            if found != content:
                self._refuse_another(found, commit.session)
                raise OSError(f"{path} did not arrive whole")

        self.storage.persist(work)
        if commit.whole:
            self.storage.write(HEAD, json.dumps({"format": FORMAT, "number": number}).encode())

    def refuse_taken(self, number: int, session: str) -> None:
        """Refuse to go on when another driver has written the commit of a number.

        Raises:
            UserError: it has.
        """
        self._refuse_another(self.storage.read(_path(number)), session)

    def latest(self, known: State | None = None) -> State:
        """Return the state after the last commit, going on from ``known`` where the log still has what follows it.

        Raises:
            UserError: the log is there and cannot be read.
        """
        head = self._head()
        goes_on = known is not None and known.number and (head or 0) <= known.number
        state = known if known is not None and goes_on else self._beginning(head)
        ahead = 1
        while state.number and ahead <= MOST_BURNED:
            number = state.number + ahead
            try:
                commit = self._at(number)
                state, ahead = (state, ahead + 1) if commit is None else (state.after(number, commit), 1)
            except ValueError as error:
                found = f"commit {number} cannot be read ({error})."
                raise UserError(str(self.storage.address), found, "Begin a new study under another address.") from None
        return state

    def remove(self, numbers: tuple[int, ...]) -> None:
        """Remove commits that no reader needs any more."""
        for number in numbers:
            self.storage.remove(_path(number))

    def _beginning(self, head: int | None) -> State:
        """The state after the whole commit that ``head`` names or, should that be gone, after the newest one listed."""
        if head is not None and (state := self._whole(head)) is not None:
            return state
        listed = [int(name[:-5]) for name in self.storage.names(COMMITS) if re.fullmatch(r"\d{8}\.json", name)]
        for number in sorted(listed, reverse=True):
            if (state := self._whole(number)) is not None:
                return state
        if head is None and not listed:
            return State()
        found = "a study was begun here, and its commits cannot be read now."
        raise UserError(str(self.storage.address), found, "Try again in a minute, or give another address.")

    def _head(self) -> int | None:
        content = self.storage.read(HEAD)
        try:
            found = None if content is None else json.loads(content)
        except ValueError:  # torn: commits are listed instead
            return None
        number = found.get("number") if isinstance(found, dict) else None
        return number if isinstance(number, int) and 0 < number < 10**8 else None

    def _whole(self, number: int) -> State | None:
        try:
            commit = self._at(number)
        except ValueError:
            return None
        return State().after(number, commit) if commit is not None and commit.whole else None

    def _at(self, number: int) -> Commit | None:
        content = self.storage.read(_path(number))
        try:
            return None if content is None else commit_of(content)
        except Torn:
            return None

    def _refuse_another(self, content: bytes | None, session: str) -> None:
        """Refuse to write over the commit of another driver; what is torn is nobody's."""
        try:
            found = None if content is None else commit_of(content)
        except ValueError:
            return
        if found is not None and found.session != session:
            raise UserError(str(self.storage.address), "another driver works here, too.", "Stop one of the two.")


def _path(number: int) -> str:
    return f"{COMMITS}/{number:08d}.json"
