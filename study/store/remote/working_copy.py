"""The working copy of a study in an object store: an ordinary run directory, brought up to date and sent by commits."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

from mtl_core.errors import UserError
from study.store.links import refuse_links
from study.store.remote.commits import Commit, CommitLog, State
from study.store.remote.digests import Digests
from study.store.remote.files import REPORT, Stored
from study.store.remote.incoming import Gone, Incoming
from study.store.remote.lease import Lease
from study.store.remote.object_storage import ObjectStorage
from study.store.remote.outgoing import Outgoing
from study.store.remote.side_by_side import each

DEFERRED = frozenset({"started"})
"""Events that wait for the next commit: a shard that started and did not end is trained again anyway."""
LAST_WORDS = frozenset({"interrupted", "refused", "crashed"})
LAST_PATIENCE = 5.0
"""Seconds for which the last events of a session are sent: whoever stops a study does not wait for a dead network."""
MOST_COMMITS = 100
"""Commits after which a whole one takes their place."""
LOOKS = 5
"""How often the log is looked at anew because a driver has meanwhile replaced what it named."""


class WorkingCopy:
    """The working copy of the study under an address.

    Args:
        storage: of the address.
        run: the run directory on this machine.

    Attributes:
        state: the study as the store had it when it was last looked at, or last written.
    """

    def __init__(self, storage: ObjectStorage, run: Path) -> None:
        self.storage, self.run, self.log = storage, run, CommitLog(storage)
        self.state = State()
        digests = Digests(run)
        self._incoming, self._outgoing = Incoming(storage, run, digests), Outgoing(storage, run, digests)
        self._lease: Lease | None = None
        self._number, self._whole, self._over = 0, True, False
        self._outdated: list[str] = []

    def bring_up_to_date(self, without: Collection[str] = ()) -> None:
        """Fetch what the store has and this copy lacks.

        A copy that goes beyond the store, since its driver died before it had sent all, keeps what it has.  One that
        does not begin as the store does is of an earlier time, and is replaced.

        Args:
            without: folders whose files are not fetched.

        Raises:
            UserError: the store does not answer, or a description of the study is damaged there.
        """
        self.run.mkdir(parents=True, exist_ok=True)
        refuse_links(self.run)
        for look in range(1, LOOKS + 1):
            self.state = self.log.latest(self.state)
            if not self.state.number:
                return
            try:
                self.state = self._incoming.fetch(self.state, without, patient=look < LOOKS)
                return
            except Gone:
                continue

    def work_under(self, lease: Lease) -> None:
        """Send from now on what :meth:`keep` is told of, as long as ``lease`` is held."""
        self._lease, self._number, self._whole = lease, self.state.number, True

    def keep(self, event: str) -> None:
        """Send what is new to the store, now that the ledger has an ``event``; the ledger calls this.

        Raises:
            UserError: the store refuses or does not answer, or another driver has taken over.
        """
        if event in DEFERRED or self._over:
            return
        if event not in LAST_WORDS:
            self._commit_or_stop()
            return
        self.storage.patience = min(self.storage.patience, LAST_PATIENCE)
        try:
            self._commit()
        except UserError as error:
            self.storage.say(f"{error.where}: {error.found}  The next session sends what is missing there.")

    def deliver(self) -> None:
        """Send what is new at the end of a session, and the report under a name of its own, for people."""
        if self._over:
            return
        before = self.state.files.get(REPORT)
        self._commit_or_stop()
        self._outgoing.sweep(self.state)
        if (self.run / REPORT).is_file() and self.state.files.get(REPORT) != before:
            self.storage.write(REPORT, (self.run / REPORT).read_bytes())

    def _commit_or_stop(self) -> None:
        try:
            self._commit()
        except UserError:
            self._over = True  # the error is on its way to the user: nothing more is tried in this session
            raise

    def _commit(self) -> None:
        if self._lease is None:
            raise AssertionError("A working copy is sent that nobody has leased.")
        lines, number = self._outgoing.lines(self.state), self._number + 1
        beside = [self._lease.check, partial(self.log.refuse_taken, number, self._lease.session)]
        files = self._outgoing.send_files(self.state, beside)
        changes: dict[str, Stored | None] = {
            path: one for path, one in files.items() if self.state.files.get(path) != one
        }
        changes |= dict.fromkeys(path for path in self.state.files if path not in files)
        if not changes and not lines and not self._whole:
            return
        whole = self._whole or len(self.state.numbers) >= MOST_COMMITS
        if whole:
            commit = Commit(self._lease.session, True, files, self._outgoing.send_ledger())
        else:
            commit = Commit(self._lease.session, False, changes, None, self.state.ledger_size, lines)
        self._number, self._whole = number, True  # a number that does not get its commit is not used again
        outdated = [key for key in self._outdated if key not in {one.key for one in files.values()}]
        requests = [partial(self.log.add, number, commit), *self._outgoing.removals(outdated)]
        each(self.storage, lambda request: request(), requests)
        before, self.state, self._whole = self.state, self.state.after(number, commit), False
        self._tidy(before, whole=whole)

    def _tidy(self, before: State, *, whole: bool) -> None:
        """Remove what no reader needs after a commit; objects while the next one is written, unless it names them."""
        kept = {one.digest for one in self.state.objects}
        self._outdated = list(dict.fromkeys(one.key for one in before.objects if one.digest not in kept))
        if whole:
            self._outgoing.remove_commits(before.numbers)
            self._outgoing.sweep(self.state)
