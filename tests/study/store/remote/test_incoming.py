"""What is fetched: what is missing, checked; a copy of an earlier time is replaced, one that goes beyond is not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.store.ledger import NAME as LEDGER
from study.store.remote.commits import State
from study.store.remote.digests import Digests
from study.store.remote.files import Stored
from study.store.remote.incoming import Gone, Incoming
from study.store.remote.object_storage import ObjectStorage

CONTENTS = {"records/a.parquet": b"rows", "models/a.safetensors": b"weights", "study.yaml": b"name: x"}
BASE, LINES = b'{"event": "planned"}\n', b'{"event": "frozen"}\n'


def _put(storage: ObjectStorage, content: bytes) -> Stored:
    stored = Stored(len(content), hashlib.sha256(content).hexdigest())
    storage.write(stored.key, content)
    return stored


@pytest.fixture
def storage(store: Callable[..., ObjectStorage]) -> ObjectStorage:
    return store()


@pytest.fixture
def state(storage: ObjectStorage) -> State:
    """A study as a store has it."""
    files = {path: _put(storage, content) for path, content in CONTENTS.items()}
    return State(1, files, _put(storage, BASE), LINES, (1,))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def _incoming(storage: ObjectStorage, run: Path) -> Incoming:
    return Incoming(storage, run, Digests(run))


def _contents(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_an_empty_machine_gets_all_of_it(storage: ObjectStorage, state: State, run: Path) -> None:
    _incoming(storage, run).fetch(state, (), patient=True)
    assert _contents(run) == CONTENTS | {LEDGER: BASE + LINES}
    assert _incoming(storage, run).begins_with(state)


def test_folders_that_nobody_needs_are_left_out(storage: ObjectStorage, state: State, run: Path) -> None:
    _incoming(storage, run).fetch(state, ("models",), patient=True)
    assert set(_contents(run)) == {"records/a.parquet", "study.yaml", LEDGER}
    _incoming(storage, run).fetch(state, (), patient=True)
    assert _contents(run) == CONTENTS | {LEDGER: BASE + LINES}


def test_only_what_is_missing_is_fetched(state: State, run: Path, store: Callable[..., ObjectStorage]) -> None:
    _incoming(store(), run).fetch(state, (), patient=True)
    (run / "models/a.safetensors").unlink()
    asked: list[str] = []
    _incoming(store(act=lambda verb, key: asked.append(f"{verb} {key}")), run).fetch(state, (), patient=True)
    assert asked == [f"read bucket/study/{state.files['models/a.safetensors'].key}"]


def test_a_copy_of_an_earlier_time_is_replaced(storage: ObjectStorage, state: State, run: Path) -> None:
    (run / "records").mkdir()
    (run / "records/a.parquet").write_bytes(b"ROWS")
    (run / "records/old.parquet").write_bytes(b"of a merged part")
    (run / LEDGER).write_bytes(BASE)
    _incoming(storage, run).fetch(state, (), patient=True)
    assert _contents(run) == CONTENTS | {LEDGER: BASE + LINES}


def test_a_copy_that_goes_beyond_the_store_keeps_what_it_has(storage: ObjectStorage, state: State, run: Path) -> None:
    (run / "records").mkdir()
    (run / "records/a.parquet").write_bytes(b"more rows")
    (run / "records/new.parquet").write_bytes(b"not sent")
    ledger = BASE + LINES + b'{"event": "finished"}\n{"event": "to'
    (run / LEDGER).write_bytes(ledger)
    _incoming(storage, run).fetch(state, (), patient=True)
    kept = {"records/a.parquet": b"more rows", "records/new.parquet": b"not sent", LEDGER: ledger}
    assert _contents(run) == CONTENTS | kept


@pytest.mark.parametrize("content", [None, b"", b"row", b"rowS", b"rows and more"])
@pytest.mark.parametrize("path", CONTENTS)
def test_what_is_damaged_in_the_store_is_looked_for_again_and_then_told(
    storage: ObjectStorage, state: State, run: Path, path: str, content: bytes | None
) -> None:
    key, lines = state.files[path].key, []
    storage.say = lines.append
    storage.remove(key) if content is None else storage.write(key, content)
    with pytest.raises(Gone):
        _incoming(storage, run).fetch(state, (), patient=True)
    assert not (run / path).exists()
    if path == "study.yaml":
        with pytest.raises(UserError, match=r"study\.yaml: this file is missing or damaged in the store"):
            _incoming(storage, run).fetch(state, (), patient=False)
        return
    after = _incoming(storage, run).fetch(state, (), patient=False)
    assert set(CONTENTS) - {path} == set(_contents(run)) - {LEDGER} == set(after.files)
    assert len(lines) == 1
    assert "is missing or damaged in the store; what it held is made again" in lines[0]


def test_a_copy_that_is_half_fetched_is_not_taken_for_a_whole_one(
    storage: ObjectStorage, state: State, run: Path
) -> None:
    storage.remove(state.files["models/a.safetensors"].key)
    incoming = _incoming(storage, run)
    with pytest.raises(Gone):
        incoming.fetch(state, (), patient=True)
    assert not incoming.begins_with(state)


def test_a_damaged_ledger_is_looked_for_again_and_then_told(storage: ObjectStorage, state: State, run: Path) -> None:
    storage.write(state.ledger.key if state.ledger else "", b"other")
    with pytest.raises(Gone):
        _incoming(storage, run).fetch(state, (), patient=True)
    with pytest.raises(UserError, match=r"ledger\.jsonl: this file is missing or damaged"):
        _incoming(storage, run).fetch(state, (), patient=False)
