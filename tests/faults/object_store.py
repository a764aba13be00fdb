"""Studies under an address in an object store that fails, and whose driver's machine may be lost with its disk."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from study.driver import places
from study.store.recorded import read_recorded
from study.store.remote import connect, lease, object_storage, working_copy
from study.store.remote.address import address_of
from study.store.remote.object_storage import ObjectStorage
from study.store.remote.working_copy import WorkingCopy
from tests.faults.acts import note, noted
from tests.faults.lab import Held, Lab
from tests.study.store.remote.store_in_folder import system_in

ADDRESS = "s3://bucket/study"
REQUESTS = 300
"""Fewer than an undisturbed study makes."""
FAILS, GONE, TWICE, TORN, LAGS, KILLED = "fails", "gone", "twice", "torn", "lags", "killed"


@dataclass(frozen=True)
class InStore:
    """The driver's store is a folder, and something becomes of every ``every``-th request, or of that one alone.

    Args:
        folder: of the trial.
        how: ``fails``: it fails twice, then no more; ``gone``: it and all later ones fail; ``twice``: its answer is
            lost, and it arrives again when the next one is made; ``torn``: half of it arrives; ``lags``: listings show
            nothing; ``killed``: the driver is killed when it has arrived; empty: nothing.
        every: number of the request.
    """

    folder: Path
    how: str = ""
    every: int = 1

    def __call__(self) -> None:
        os.environ[places.COPIES] = str(self.folder / "copies")
        struck = _Struck(self.folder / "run", self.how, self.every)
        faults = {"act": struck.act, "torn": struck.torn, "hidden": lambda key: self.how == LAGS}
        system = system_in(self.folder / "store", **faults)
        struck.system = system.handler
        connect.file_system = lambda address: system
        object_storage.FIRST_PAUSE = 0.01
        object_storage.PATIENCE = places.PATIENCE = 0.2
        working_copy.LAST_PATIENCE = 0.1
        working_copy.MOST_COMMITS = 7
        lease.STALE_SECONDS, lease.LOOK_SECONDS = 1.0, 0.05


class _Struck:
    """What becomes of requests; all but listings and the lease's own thread are counted."""

    def __init__(self, out: Path, how: str, every: int) -> None:
        self.out, self.how, self.every = out, how, every
        self.system: Any = None
        self.number = self.left = 0
        self.again: tuple[str, bytes] | None = None

    def act(self, verb: str, key: str) -> None:
        if self.how == LAGS and verb == "list":
            note(self.out, f"{self.how} {key}")
        if self.again is not None:
            path, content = self.again
            self.again = None
            _written(Path(path), content)
        if self.left:
            self.left -= 1
            raise OSError("AWS Error SLOW_DOWN during PutObject operation: Reduce your request rate.")
        self.number += 1
        if self.how == FAILS and self.number % self.every == 0:
            self.left = 2
            note(self.out, f"{self.how} {verb}")
            raise OSError("AWS Error NETWORK_CONNECTION: curlCode: 28, Timeout was reached")
        if self.how == GONE and self.number >= self.every:
            note(self.out, f"{self.how} {verb}")
            raise OSError("AWS Error NETWORK_CONNECTION: curlCode: 7, Could not connect to server")
        if self.how == KILLED and self.number == self.every:
            note(self.out, f"{self.how} {verb}")
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == TWICE and verb == "look" and self.number % self.every == 0:
            self._lose_the_answer(key)

    def torn(self, key: str) -> bool:
        if self.how != TORN or self.number % self.every:
            return False
        note(self.out, f"{self.how} {key}")
        return True

    def _lose_the_answer(self, key: str) -> None:
        """The object has arrived and the driver does not hear of it; it arrives once more at the next request."""
        path = self.system._place(key)
        if Path(path).is_file():
            self.again = (path, Path(path).read_bytes())
            note(self.out, f"{self.how} {key}")
            raise OSError("AWS Error NETWORK_CONNECTION: curlCode: 28, Timeout was reached")


def _written(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def in_store(lab: Lab) -> Lab:
    """Let the study of a trial be at an address; its run directory is the working copy's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(places.COPIES, str(lab.folder / "copies"))
        lab.out = places.directory_of(ADDRESS)
    lab.place = ADDRESS
    lab.out.parent.mkdir(parents=True)
    return lab


def came(lab: Lab) -> bool:
    """Return whether a request was struck."""
    return bool(noted(lab.folder / "run"))


def lose_the_disk(lab: Lab) -> None:
    """Remove all that the driver's machine had."""
    shutil.rmtree(lab.out.parent)
    lab.out.parent.mkdir()


def held_in_store(lab: Lab) -> Held:
    """Return what the store holds, as a machine sees it that has nothing."""
    copy = WorkingCopy(ObjectStorage(system_in(lab.folder / "store"), address_of(ADDRESS)), lab.folder / "seen")
    shutil.rmtree(lab.folder / "seen", ignore_errors=True)
    copy.bring_up_to_date()
    return Held(dict(read_recorded(copy.run).entries))
