"""What is sent: what the store lacks, once; and what is removed when nobody needs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from study.store.ledger import NAME as LEDGER
from study.store.remote import outgoing as module
from study.store.remote.commits import State
from study.store.remote.digests import Digests
from study.store.remote.object_storage import ObjectStorage
from study.store.remote.outgoing import Outgoing

Store = Callable[..., ObjectStorage]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    run = tmp_path / "run"
    for path, content in {"records/a.parquet": b"rows", "models/a.safetensors": b"weights"}.items():
        (run / path).parent.mkdir(parents=True)
        (run / path).write_bytes(content)
    return run


def _outgoing(storage: ObjectStorage, run: Path) -> Outgoing:
    return Outgoing(storage, run, Digests(run))


def test_files_are_sent_once(run: Path, store: Store) -> None:
    written: list[str] = []
    storage = store(act=lambda verb, key: written.append(key) if verb == "write" else None)
    sending = _outgoing(storage, run)
    files = sending.send_files(State())
    assert set(files) == {"records/a.parquet", "models/a.safetensors"}
    assert {storage.read(one.key) for one in files.values()} == {b"rows", b"weights"}
    assert len(written) == 2
    (run / "records/b.parquet").write_bytes(b"rows")  # of a content that the store has
    again = sending.send_files(State(1, files))
    assert len(written) == 2
    assert again["records/b.parquet"] == files["records/a.parquet"]


def test_a_snapshot_that_is_removed_meanwhile_is_left_out(
    run: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = module.local_files

    def listed(folder: Path) -> list[tuple[str, object]]:
        found = list(original(folder))
        (run / "models/a.safetensors").unlink()
        return found

    monkeypatch.setattr(module, "local_files", listed)
    assert set(_outgoing(store(), run).send_files(State())) == {"records/a.parquet"}


def test_lines_of_the_ledger_are_sent_whole_and_from_where_the_store_ends(run: Path, store: Store) -> None:
    sending = _outgoing(store(), run)
    assert sending.lines(State()) == b""
    assert sending.send_ledger().size == 0
    (run / LEDGER).write_bytes(b"one\ntwo\nthr")
    assert sending.lines(State()) == b"one\ntwo\n"
    assert sending.lines(State(1, {}, None, b"one\n")) == b"two\n"
    stored = sending.send_ledger()
    assert sending.storage.read(stored.key) == b"one\ntwo\n"


def test_what_no_commit_names_is_swept(run: Path, store: Store) -> None:
    sending = _outgoing(store(), run)
    files = sending.send_files(State())
    sending.storage.write("objects/left", b"by a driver that was killed")
    sending.sweep(State(1, files))
    assert sorted(sending.storage.names("objects")) == sorted(one.digest for one in files.values())


def test_what_cannot_be_removed_stops_nothing_and_is_tried_once(run: Path, store: Store) -> None:
    tried: list[str] = []

    def act(verb: str, key: str) -> None:
        if verb == "remove":
            tried.append(key)
            raise OSError("gone")

    sending = _outgoing(store(act=act), run)
    sending.send_files(State(), sending.removals(["objects/a", "objects/b"]))
    sending.remove_commits((1, 2))
    assert sorted(tried)[1:] == ["bucket/study/objects/a", "bucket/study/objects/b"]
    assert sending.storage.patience == 5.0
