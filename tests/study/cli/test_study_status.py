"""What a ledger, records and heartbeats amount to."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from study.cli.study_status import read_status, status_of
from study.driver.watching.status_note import StatusNote
from study.store import scratch
from study.store.archive import Entry
from study.store.ledger import Ledger
from study.store.recorded import Recorded

START = datetime(2026, 1, 1, tzinfo=UTC)
WORK = {"search": {"replicas": 10, "epochs": 4.0, "seconds": 100.0}}


def event(kind: str, minutes: float = 0.0, **facts: Any) -> dict[str, Any]:
    return {"event": kind, "time": (START + timedelta(minutes=minutes)).isoformat(), **facts}


PLANNED = event("planned", replicas={"search": 10}, work=WORK, share=0.0, forecast={"search": 100.0})


def shard(kind: str, name: str, minutes: float, **facts: Any) -> dict[str, Any]:
    return event(kind, minutes, shard=name, phase="search", replicas=[name], **facts)


def recorded(*names: str) -> Recorded:
    return Recorded({name: Entry("hard", "search", "finished", 4, "", "part") for name in names}, frozenset())


def test_the_pace_of_the_session_gives_a_rate_and_a_range() -> None:
    ended = [shard("finished", str(n), 1, seconds=20.0 + n, forecast=10.0) for n in range(5)]
    events = [PLANNED, shard("started", "0", 0), *ended, shard("started", "x", 1)]
    now = status_of(events, recorded(*"01234"), now=START + timedelta(minutes=2))
    assert (now.counts.share, now.per_minute, now.running) == (0.5, pytest.approx(2.5), 1)
    assert now.left is not None
    assert now.left.seconds == pytest.approx(120)
    facts = now.facts()
    assert facts["seconds_left_low"] < 120 < facts["seconds_left_high"]
    assert facts["replicas_per_minute"] == pytest.approx(2.5)
    assert facts["done"] == {"search": 5}
    json.dumps(facts)


def test_where_nothing_runs_there_is_no_pace() -> None:
    events = [PLANNED, shard("started", "0", 0), shard("finished", "0", 1, seconds=1.0, forecast=1.0)]
    now = status_of(events, recorded("0"), alive=False, now=START + timedelta(minutes=2))
    assert (now.left, now.per_minute) == (None, None)


def test_the_phase_is_that_of_what_runs() -> None:
    frozen = event("frozen", choice="draws", value={})
    late = shard("started", "late", 1)  # a baseline that only the choice of an arm has called for
    assert status_of([PLANNED, frozen], recorded()).phase == "confirm"
    assert status_of([PLANNED, frozen, late], recorded()).phase == "search"
    opened = event("test_opened", phase="confirm")
    assert status_of([PLANNED, frozen, opened, late], recorded()).phase == "confirm", "what runs is scored"


def test_a_study_that_goes_on_to_further_seeds_is_in_its_verdict_again() -> None:
    events = [PLANNED, *(event("frozen", choice=choice, value={}) for choice in ("draws", "arm", "judged"))]
    events += [event("test_opened", phase="confirm"), event("test_opened", phase="verdict")]
    assert status_of(events, recorded()).phase == "finished"
    events.append(event("extended", phase="verdict", seeds=20))
    assert status_of(events, recorded()).phase == "verdict"
    assert status_of([*events, event("test_opened", phase="verdict")], recorded()).phase == "finished"


@pytest.mark.parametrize(("name", "share"), [("abc", 0.05), ("../abc", 0.0)])
def test_epochs_of_running_shards_come_from_heartbeats_of_this_machine(
    name: str, share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shard's name comes from a ledger, which may be anybody's, and leads nowhere else."""
    run, folder = tmp_path / "run", tmp_path / "mtl-study-x"
    monkeypatch.setattr(scratch, "_bases", lambda: [tmp_path])
    for place in (run, folder / "beats"):
        place.mkdir(parents=True)
    (run / ".scratch").write_text(f"{socket.gethostname()}\n{folder}\n")
    for beats in (folder / "beats", folder):
        (beats / "abc.json").write_text('[2, 4, 0.5, ""]')
    with Ledger(run) as ledger:
        ledger.append("planned", **{key: value for key, value in PLANNED.items() if key not in ("event", "time")})
        ledger.append("started", shard=name, phase="search", replicas=["a"])
        assert read_status(run).counts.share == pytest.approx(share)
        assert read_status(run).note is None
        (folder / "progress.json").write_text('{"workers": 4, "machines": {"gpu-1": [2, 3]}, "waiting": ""}')
        assert read_status(run).note == StatusNote(4, {"gpu-1": (2, 3)})
        assert read_status(run).facts()["machines"] == {"gpu-1": {"busy": 2, "workers": 3}}
    assert read_status(run).note is None, "no driver is alive"
    assert read_status(run).counts.share == 0.0, "nothing runs"
