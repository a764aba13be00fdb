"""The log of commits: what is read is what was written, whatever became of single objects."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mtl_core.errors import UserError
from study.store.remote.commits import HEAD, MOST_BURNED, Commit, CommitLog, State, commit_of
from study.store.remote.files import Stored
from study.store.remote.object_storage import ObjectStorage

Store = Callable[..., ObjectStorage]
A, B, LEDGER = (Stored(number, str(number) * 64) for number in (1, 2, 3))
WHOLE = Commit("me", True, {"records/a.parquet": A, "study.yaml": B}, LEDGER)
MORE = Commit("me", False, {"records/b.parquet": B, "study.yaml": None}, None, 3, b'{"event": "x"}\n')
AFTER = {"records/a.parquet": A, "records/b.parquet": B}


def _log(storage: ObjectStorage) -> CommitLog:
    log = CommitLog(storage)
    log.add(1, WHOLE)
    log.add(2, MORE)
    return log


def test_the_last_state_is_read(store: Store) -> None:
    assert CommitLog(store()).latest() == State()
    state = _log(store()).latest()
    assert state == State(2, AFTER, LEDGER, MORE.lines, (1, 2))
    assert state.ledger_size == 3 + len(MORE.lines)
    assert state.objects == [A, B, LEDGER]


def test_a_reader_goes_on_from_what_it_knows_or_from_the_beginning_where_that_is_gone(store: Store) -> None:
    log = _log(store())
    known = log.latest()
    log.add(3, replace(MORE, begins=known.ledger_size, files={}))
    assert log.latest(known).number == 3
    log.add(4, WHOLE)
    log.remove((1, 2, 3))
    assert log.latest(known) == State(4, dict(WHOLE.files), LEDGER, b"", (4,))


@pytest.mark.parametrize("burned", range(MOST_BURNED))
def test_numbers_that_were_never_written_or_torn_are_passed_over(store: Store, burned: int) -> None:
    storage = store()
    log = _log(storage)
    if burned:
        storage.write("commits/00000003.json", MORE.encoded()[:50])
    log.add(3 + burned, WHOLE)
    storage.write(HEAD, json.dumps({"number": 1}).encode())
    assert log.latest().number == 3 + burned


def test_a_commit_that_arrives_twice_or_late_changes_nothing(store: Store) -> None:
    storage = store()
    log = _log(storage)
    before = log.latest()
    storage.write("commits/00000001.json", WHOLE.encoded())
    storage.write("commits/00000002.json", MORE.encoded())
    assert log.latest() == before


@pytest.mark.parametrize("head", [None, b"", b'{"num', b"[]", b'{"number": 99}', b'{"number": "1"}', b'{"number": -1}'])
def test_a_head_that_is_torn_late_or_lost_is_found_by_listing(store: Store, head: bytes | None) -> None:
    storage = store()
    log = _log(storage)
    if head is None:
        storage.remove(HEAD)
    else:
        storage.write(HEAD, head)
    assert log.latest().files == AFTER


def test_a_listing_that_lags_hides_nothing(store: Store) -> None:
    _log(store())
    assert CommitLog(store(hidden=lambda key: True)).latest().files == AFTER


def test_a_study_whose_commits_are_gone_is_not_taken_for_none(store: Store) -> None:
    storage = store()
    _log(storage).remove((1, 2))
    with pytest.raises(UserError, match="cannot be read now"):
        CommitLog(storage).latest()


def test_a_gap_in_the_ledger_is_told(store: Store) -> None:
    storage = store()
    _log(storage).add(3, replace(MORE, begins=99))
    with pytest.raises(UserError, match="goes on at byte 99"):
        CommitLog(storage).latest()


def test_a_commit_of_another_driver_is_not_written_over(store: Store) -> None:
    log = _log(store())
    log.refuse_taken(2, "me")
    log.refuse_taken(3, "another")
    with pytest.raises(UserError, match="another driver works here"):
        log.refuse_taken(2, "another")


def test_a_commit_that_another_driver_writes_over_is_noticed(store: Store) -> None:
    log, other = _log(store()), replace(MORE, session="another")

    def act(verb: str, key: str) -> None:
        if verb == "read" and key.endswith("3.json"):
            store().write("commits/00000003.json", other.encoded())

    with pytest.raises(UserError, match="another driver works here"):
        CommitLog(store(act=act)).add(3, replace(MORE, begins=log.latest().ledger_size))


def test_what_arrives_torn_is_written_again(store: Store) -> None:
    tears = iter([True, False])
    storage = store(torn=lambda key: "commits/" in key and next(tears, False))
    assert _log(storage).latest().files == AFTER


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"files": {"../../x.parquet": [1, "1" * 64]}},
        {"files": {"/etc/passwd": [1, "1" * 64]}},
        {"files": {"records/a.parquet": [2**60, "1" * 64]}},
        {"files": {"records/a.parquet": [1, "../objects"]}},
        {"files": {f"records/{number}.parquet": None for number in range(100_001)}},
        {"files": []},
        {"lines": 3},
        {"begins": "0"},
        {"ledger": [1]},
    ],
)
def test_a_commit_that_no_study_writes_is_refused(store: Store, change: dict[str, Any]) -> None:
    content = json.dumps(json.loads(MORE.encoded()) | change).encode()
    with pytest.raises(ValueError, match=r".") as refused:
        commit_of(content)
    assert type(refused.value) is ValueError, "not taken for a torn one, which is passed over"
    storage = store()
    _log(storage)
    storage.write("commits/00000003.json", content)
    with pytest.raises(UserError, match="commit 3 cannot be read"):
        CommitLog(storage).latest()
