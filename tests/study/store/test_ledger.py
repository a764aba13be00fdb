"""The ledger: every line whole, one driver a directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_core.errors import UserError
from study.store import ledger
from study.store.ledger import Ledger

EVENTS = [{"shard": "a", "reason": "ü \n \u2028"}, {"value": {"arm": {"task": 3}}}, {"shard": "c", "seconds": 0.5}]


def written(directory: Path) -> bytes:
    with Ledger(directory) as book:
        for facts in EVENTS:
            book.append("frozen" if "value" in facts else "started", **facts)
    return (directory / ledger.NAME).read_bytes()


def test_torn_at_every_byte_the_whole_lines_stay_and_appending_goes_on(tmp_path: Path) -> None:
    content = written(tmp_path)
    path = tmp_path / ledger.NAME
    for size in range(len(content) + 1):
        path.write_bytes(content[:size])
        whole = sum(len(content[:end]) <= size for end in _ends(content))
        assert [event["event"] for event in ledger.read(path)] == ["started", "frozen", "started"][:whole]
        with Ledger(tmp_path) as book:
            assert len(book.events) == whole
            book.append("next")
        assert [json.loads(line)["event"] for line in path.read_bytes().splitlines()][whole:] == ["next"]


def _ends(content: bytes) -> list[int]:
    """Where each object is complete; its newline may be lost without harm."""
    return [place for place, byte in enumerate(content) if byte == ord("\n")]


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused_with_the_line(tmp_path_factory: pytest.TempPathFactory, tail: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(b'{"event": "planned"}\n' + tail)
    try:
        events = ledger.read(path)
    except UserError as mistake:
        assert "line " in mistake.where  # noqa: PT017 - only some inputs are refused
    else:
        assert events[0] == {"event": "planned"}


def test_damage_in_the_middle_is_refused_with_its_line(tmp_path: Path) -> None:
    lines = written(tmp_path).splitlines(keepends=True)
    (tmp_path / ledger.NAME).write_bytes(lines[0] + b'{"eve\n' + lines[2])
    with pytest.raises(UserError, match="line 2"):
        Ledger(tmp_path)
    with pytest.raises(UserError, match="line 2"):  # and the refusal released the lock
        Ledger(tmp_path)


def test_a_second_driver_is_refused_and_told_who_is_there(tmp_path: Path) -> None:
    with Ledger(tmp_path), pytest.raises(UserError, match=f"process {os.getpid()}"):
        Ledger(tmp_path)
    Ledger(tmp_path).close()


def test_the_lock_of_a_killed_driver_refuses_nobody(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from study.store.ledger import Ledger;"
        "Ledger(Path(sys.argv[1])).append('planned'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert killed.returncode == -9
    assert (tmp_path / ledger.LOCK).exists()
    with Ledger(tmp_path) as book:
        assert [event["event"] for event in book.events] == ["planned"]


def test_a_full_disk_leaves_the_ledger_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = written(tmp_path)
    whole = os.pwrite
    with Ledger(tmp_path) as book:
        monkeypatch.setattr(os, "pwrite", lambda handle, line, place: whole(handle, line[:7], place))
        with pytest.raises(OSError, match="No space"):
            book.append("started", shard="d")
        assert (tmp_path / ledger.NAME).read_bytes() == before
        monkeypatch.setattr(os, "pwrite", whole)
        book.append("started", shard="d")
    assert ledger.read(tmp_path / ledger.NAME)[-1]["shard"] == "d"


def test_an_event_whose_sync_a_signal_interrupts_is_kept_behind_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    with Ledger(tmp_path) as book:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", interrupted)
            with pytest.raises(KeyboardInterrupt):
                book.append("finished", shard="a")
        book.append("interrupted")
    assert [event["event"] for event in ledger.read(tmp_path / ledger.NAME)] == ["finished", "interrupted"]


def test_the_last_frozen_choice_counts(tmp_path: Path) -> None:
    with Ledger(tmp_path) as book:
        assert book.frozen("arm") is None
        book.append("frozen", choice="arm", value=1)
        book.append("frozen", choice="arm", value=2)
        assert book.frozen("arm") == 2


def test_a_decision_holds_until_failures_among_its_arms_are_tried_again(tmp_path: Path) -> None:
    with Ledger(tmp_path) as book:
        assert book.decided("halved", {"epochs": 4}, ["a"]) is None
        book.append("halved", epochs=4, kept=[1])
        book.append("halved", epochs=8, kept=[2])
        book.append("retrying", arms=["b"])
        found = book.decided("halved", {"epochs": 4}, ["a"])
        assert found is not None
        assert found["kept"] == [1]
        assert book.decided("halved", {"epochs": 4}, {"a", "b"}) is None
