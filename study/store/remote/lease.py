"""The lease of an address: an object that says which driver works there, renewed while it lives.

Whoever finds a lease that is not given back watches it: if it is renewed, its driver lives, and the newcomer is
refused; if not for :data:`STALE_SECONDS`, it is taken over.  No clock is compared.  A driver whose working copy is
locked by the newcomer is known to be dead, and one is said to be by ``--take-over``; then nobody waits.

What is not guaranteed: an object cannot be written here only if nobody else has written it, so of two drivers that
start in the same second both may go on.  Each looks at the lease before every commit, and the one that wrote it first
finds that it has lost it, and stops; so the log never holds commits of both in turn, but what the loser was training
is trained again.  A driver that was suspended for longer than the lease lasts finds out in the same way.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mtl_core.errors import UserError
from study.store.remote.object_storage import ObjectStorage

LEASE = "lease.json"
RENEW_SECONDS, STALE_SECONDS = 15.0, 60.0
LOOK_SECONDS = 1.0
MOST_BYTES = 10_000
SECONDS_BETWEEN_LINES = 15.0


@dataclass(frozen=True)
class Holder:
    """Who holds a lease, as its object says it.

    Args:
        session: of the driver.
        copy: identity of its working copy.
        driver: process and machine.
        renewed: when it was written last, by the driver's clock.
        released: whether it was given back.
    """

    session: str
    copy: str
    driver: str
    renewed: str
    released: bool = False

    def is_fresh(self) -> bool:
        """Return whether the lease is held and, if clocks agree, not stale: good enough for a look from outside."""
        try:
            age = (datetime.now(UTC) - datetime.fromisoformat(self.renewed)).total_seconds()
        except (ValueError, TypeError):
            return False
        return not self.released and age < STALE_SECONDS


def holder_of(content: bytes | None) -> Holder | None:
    """Return who holds a lease; ``None``: nobody, or its object is torn or something else."""
    try:
        facts = None if content is None else json.loads(content)
        return Holder(**facts) if isinstance(facts, dict) else None
    except (ValueError, TypeError):
        return None


class Lease:
    """The lease of an address, for one session of a driver.

    Args:
        storage: of the address.
        copy: identity of the driver's working copy, whose lock it holds.
    """

    def __init__(self, storage: ObjectStorage, copy: str) -> None:
        self.storage, self.copy, self.session = storage, copy, secrets.token_hex(8)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def acquire(self, *, take_over: bool = False) -> None:
        """Take the lease, waiting to see whether another driver lives, and renew it from now on.

        Raises:
            UserError: another driver works under the address.
        """
        found = self.read()
        if found is not None and not found.released and found.copy != self.copy and not take_over:
            self._watch(found)
        self._write()
        self.check()
        self._thread.start()

    def check(self) -> None:
        """Refuse to go on when another driver has taken the lease.

        Raises:
            UserError: naming that driver.
        """
        found = self.read()
        if found is not None and found.session != self.session:
            where, rest = str(self.storage.address), f"({_plain(found.driver)}) has taken over; this one stops."
            raise UserError(where, f"another driver {rest}", "Let that one work, or stop it and run this again.")

    def release(self) -> None:
        """Stop renewing the lease, and give it back; to a store that is gone it is not given, and is stale soon."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        if self.storage.failing:
            return
        quiet = self.storage.quiet()
        try:
            found = holder_of(quiet.read(LEASE, most=MOST_BYTES))
            if found is not None and found.session == self.session:
                quiet.write(LEASE, _encoded(replace(self._now(), released=True)))
        except UserError:
            return

    def read(self) -> Holder | None:
        """Return who holds the lease now."""
        return holder_of(self.storage.read(LEASE, most=MOST_BYTES))

    def _watch(self, found: Holder) -> None:
        """Wait until the lease of another driver is stale, or given back; refuse when it is renewed."""
        began, told = time.monotonic(), -SECONDS_BETWEEN_LINES
        while (waited := time.monotonic() - began) < STALE_SECONDS:
            now = self.read()
            if now is None or now.released:
                return
            if now != found:
                where, driver = str(self.storage.address), _plain(now.driver)
                remedy = "Wait for it, stop it, or choose another --out."
                raise UserError(where, f"a study is running here ({driver}).", remedy)
            if time.monotonic() - told >= SECONDS_BETWEEN_LINES:
                told, left = time.monotonic(), STALE_SECONDS - waited
                who = f"{self.storage.address}: {_plain(found.driver)} has not given its lease back"
                self.storage.say(f"{who}; {left:.0f} s to see whether it lives (--take-over does not wait)")
            time.sleep(LOOK_SECONDS)

    def _renew(self) -> None:
        """Write the lease again and again; what fails here, the next commit meets, and says."""
        quiet = self.storage.quiet()
        while not self._ended.wait(RENEW_SECONDS):
            try:
                found = holder_of(quiet.read(LEASE, most=MOST_BYTES))
                if found is not None and found.session != self.session:
                    return
                quiet.write(LEASE, _encoded(self._now()))
            except UserError:
                continue

    def _write(self) -> None:
        self.storage.write(LEASE, _encoded(self._now()))

    def _now(self) -> Holder:
        driver = f"process {os.getpid()} on {socket.gethostname()}"
        return Holder(self.session, self.copy, driver, datetime.now(UTC).isoformat(timespec="milliseconds"))


def _encoded(holder: Holder) -> bytes:
    return json.dumps(vars(holder)).encode()


def _plain(driver: object) -> str:
    return str(driver)[:200]
