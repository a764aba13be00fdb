"""The lease: one driver works under an address at a time, as far as a store permits."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from mtl_core.errors import UserError
from study.store.remote import lease as module
from study.store.remote.lease import LEASE, Holder, Lease, holder_of
from study.store.remote.object_storage import ObjectStorage

Store = Callable[..., ObjectStorage]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that is renewed and stale within a moment."""
    monkeypatch.setattr(module, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(module, "STALE_SECONDS", 1.0)


@pytest.fixture
def held(store: Store) -> Iterator[Lease]:
    """A lease that a driver holds and renews."""
    lease = Lease(store(), "its copy")
    lease.acquire()
    yield lease
    lease.release()


def _left_by_a_dead_driver(storage: ObjectStorage) -> None:
    holder = Holder("dead", "its copy", "process 1 on host", "2026-01-01T00:00:00+00:00")
    storage.write(LEASE, json.dumps(vars(holder)).encode())


def test_a_second_driver_is_refused_while_the_first_lives(store: Store, held: Lease) -> None:
    with pytest.raises(UserError, match=r"a study is running here \(process \d+ on "):
        Lease(store(), "another").acquire()
    held.check()


def test_a_lease_that_was_given_back_is_free(store: Store) -> None:
    first = Lease(store(), "a")
    first.acquire()
    first.release()
    assert first.read() is not None
    second = Lease(store(), "b")
    second.acquire()
    second.release()


def test_the_lease_of_a_dead_driver_is_taken_over_after_a_while_in_which_something_is_said(store: Store) -> None:
    storage, lines = store(), []
    storage.say = lines.append
    _left_by_a_dead_driver(storage)
    lease = Lease(storage, "another")
    lease.acquire()
    lease.check()
    lease.release()
    assert len(lines) == 1
    assert "process 1 on host has not given its lease back" in lines[0]


@pytest.mark.parametrize(("copy", "take_over"), [("its copy", False), ("another", True)])
def test_nobody_waits_for_a_driver_that_is_known_to_be_dead(
    store: Store, monkeypatch: pytest.MonkeyPatch, copy: str, take_over: bool
) -> None:
    monkeypatch.setattr(Lease, "_watch", lambda self, found: pytest.fail("it waits"))
    _left_by_a_dead_driver(store())
    lease = Lease(store(), copy)
    lease.acquire(take_over=take_over)
    lease.release()


def test_a_driver_whose_lease_was_taken_stops_and_leaves_it_alone(store: Store, held: Lease) -> None:
    other = Lease(store(), "another")
    other.acquire(take_over=True)
    with pytest.raises(UserError, match=r"another driver \(process \d+ on .*\) has taken over"):
        held.check()
    held.release()
    other.check()
    assert not (other.read() or pytest.fail("no lease")).released
    other.release()


def test_a_renewal_that_fails_is_tried_at_the_next(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    failed, written = threading.Event(), threading.Event()

    def act(verb: str, key: str) -> None:
        if threading.current_thread().name != "lease" or verb != "write":
            return
        if not failed.is_set():
            failed.set()
            raise OSError("gone")
        written.set()

    lease = Lease(store(act=act), "a")
    lease.acquire()
    assert written.wait(900)
    lease.release()


def test_a_lease_is_not_given_back_to_a_store_that_is_gone(store: Store) -> None:
    gone: list[str] = []

    def act(verb: str, key: str) -> None:
        if gone:
            raise OSError("gone")

    lease = Lease(store(act=act), "a")
    lease.acquire()
    gone.append("now")
    lease.release()
    assert not (Lease(store(), "b").read() or pytest.fail("no lease")).released


@pytest.mark.parametrize("content", [None, b"", b'{"session', b"[]", b"{}", b'{"session": "a", "unknown": 1}'])
def test_what_is_no_lease_is_held_by_nobody(content: bytes | None) -> None:
    assert holder_of(content) is None


def test_a_look_from_outside_goes_by_the_time() -> None:
    def holder(seconds: float, *, released: bool = False) -> Holder:
        return Holder("a", "b", "c", (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(), released)

    assert holder(0.0).is_fresh()
    assert not holder(0.0, released=True).is_fresh()
    assert not holder(5.0).is_fresh()
    assert not Holder("a", "b", "c", "yesterday").is_fresh()
    assert not Holder("a", "b", "c", 3).is_fresh()  # type: ignore[arg-type] - a lease may come from anywhere
