"""Where a study is: a run directory, or an address in an object store with a working copy of it on this machine."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtl_core.errors import UserError
from study.config.text import printable
from study.store.archive import CHECKPOINTS, MODELS
from study.store.atomic_files import write_durably
from study.store.ledger import Lock, is_locked
from study.store.remote import connect
from study.store.remote.address import Address, address_of, is_address
from study.store.remote.commits import HEAD
from study.store.remote.lease import Lease
from study.store.remote.object_storage import PATIENCE, PATIENCE_AT_START, ObjectStorage
from study.store.remote.working_copy import WorkingCopy

COPIES = "MTL_STUDY_COPIES"
"""Environment variable with the folder for working copies; by default ``~/.cache/mtl-study``."""
FETCHING = "fetching"
"""Folder beside a run directory whose lock is held while files are fetched."""
FETCHING_SECONDS = 600.0
"""Seconds for which one process waits while another one fetches the same study."""

SNAPSHOTS, STATES = (CHECKPOINTS,), (CHECKPOINTS, MODELS)
"""Folders that are not needed to export a model, and to say how a study stands."""

Keep = Callable[[str], None]


@dataclass(frozen=True)
class Place:
    """Where a driver works.

    Args:
        directory: the run directory on this machine.
        told: the path or address as the user named it.
        copy: what keeps it in a store; ``None``: nothing, it is where the study is to be.
    """

    directory: Path
    told: str
    copy: WorkingCopy | None = None

    @property
    def keep(self) -> Keep | None:
        """What the ledger tells of every event."""
        return None if self.copy is None else self.copy.keep


def folder_of(address: Address) -> Path:
    """Return the folder of a working copy: it holds the run directory, a lock and the copy's identity."""
    named = os.environ.get(COPIES)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(named) if named else cache / "mtl-study").absolute() / address.folder_name


def directory_of(place: str | Path) -> Path:
    """Return the run directory on this machine for a path or an address; nothing is asked of a store."""
    return folder_of(address_of(place)) / "run" if is_address(place) else Path(place)


@contextmanager
def at_work(place: str | Path, *, take_over: bool = False) -> Iterator[Place]:
    """Yield where a driver works on the study at a path or an address, under the lease of the latter.

    What is new at the end of the block is sent.

    Args:
        place: path or address.
        take_over: whether the user knows that no other driver works there, although its lease was not given back.

    Raises:
        UserError: the store refuses or does not answer, or another driver works there.
    """
    if not is_address(place):
        yield Place(Path(place), str(place))
        return
    address = address_of(place)
    folder = _made(address)
    with _lock_of(folder, address):
        storage = _storage(address)
        lease = Lease(storage, _identity(folder))
        lease.acquire(take_over=take_over)
        try:
            copy = WorkingCopy(storage, folder / "run")
            with _fetching(folder):
                copy.bring_up_to_date()
            copy.work_under(lease)
            storage.patience = PATIENCE
            yield Place(copy.run, str(address), copy)
            copy.deliver()
        finally:
            lease.release()


def for_reading(place: str | Path, without: Collection[str] = ()) -> Path:
    """Return the run directory for a path or an address; of the latter what is missing on this machine is fetched.

    Args:
        place: path or address.
        without: folders of the run directory that are not needed.

    Raises:
        UserError: the store refuses or does not answer, or no study is there.
    """
    if not is_address(place):
        return Path(place)
    address = address_of(place)
    folder = _made(address)
    copy = WorkingCopy(_storage(address), folder / "run")
    with _fetching(folder):
        if is_locked(folder):  # the study's driver is on this machine: its directory is newer than the store
            return copy.run
        copy.bring_up_to_date(without)
    if not copy.state.number:
        raise UserError(str(address), "there is no study here.", "Name the address that was given to run as --out.")
    return copy.run


def is_worked_on(place: str | Path) -> bool:
    """Return whether a driver works on the study at a path or an address; on another machine, going by its lease."""
    if not is_address(place):
        return is_locked(Path(place))
    address = address_of(place)
    if is_locked(folder_of(address)):
        return True
    holder = Lease(_storage(address), "").read()
    return holder is not None and holder.is_fresh()


def addresses_below(address: Address) -> list[Address]:
    """Return the addresses of studies at and directly below ``address``.

    Raises:
        UserError: the store refuses or does not answer.
    """
    storage = _storage(address)
    names = storage.names()
    if HEAD in names:
        return [address]
    return [address.below(name) for name in names if storage.read(f"{name}/{HEAD}") is not None]


def say(line: str) -> None:
    """Print a line for the user to the standard error."""
    print(printable(line), file=sys.stderr, flush=True)


def _made(address: Address) -> Path:
    folder = folder_of(address)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        found = f"no working copy of {address} can be made there ({error.strerror})."
        raise UserError(str(folder), found, f"Name a folder that you may write in {COPIES}.") from None
    return folder


def _identity(folder: Path) -> str:
    """Return the identity of a working copy, which the lease names."""
    file = folder / "copy"
    if not file.is_file():
        write_durably(file, secrets.token_hex(8).encode())
    return file.read_text()


def _storage(address: Address) -> ObjectStorage:
    """The storage of an address, once its bucket is known to be there: it is listed, since a lone object tells less."""
    storage = ObjectStorage(connect.file_system(address), address, say, PATIENCE_AT_START)
    storage.names()
    return storage


@contextmanager
def _lock_of(folder: Path, address: Address) -> Iterator[None]:
    """Hold the lock of a working copy, which says that a driver of this machine works there."""
    try:
        lock = Lock(folder)
    except UserError as error:
        raise UserError(str(address), error.found, error.remedy) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _fetching(folder: Path) -> Iterator[None]:
    """Wait until nobody else fetches into a working copy, and keep others from it."""
    (folder / FETCHING).mkdir(exist_ok=True)
    began = time.monotonic()
    while True:
        try:
            lock = Lock(folder / FETCHING)
            break
        except UserError:
            if time.monotonic() - began > FETCHING_SECONDS:
                raise
        time.sleep(0.2)
    try:
        yield
    finally:
        lock.release()
