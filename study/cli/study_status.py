"""The status of a study as its ledger, its records and the heartbeats of running shards tell it; nothing is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mtl_core.errors import UserError
from mtl_core.task_tree import Tree
from study.cli.current_report import current_report
from study.driver.watching.counts import Counts, beyond_records, count
from study.driver.watching.device_use import DeviceUse, device_use
from study.driver.watching.known_work import of_session
from study.driver.watching.pace import (
    Event,
    TimeLeft,
    last_session,
    range_facts,
    replicas_per_minute,
    seconds_since,
    time_left,
)
from study.driver.watching.status_note import StatusNote, read_note
from study.execution.heartbeat import Heartbeats
from study.protocol.addition import open_addition
from study.store import ledger
from study.store.recorded import Recorded, read_recorded
from study.store.scratch import scratch_named_in

CHOICES = {"draws": "confirm", "arm": "verdict", "judged": "verdict"}
SCORE, FINISHED, EXTEND = "score", "finished", "extend"
STOPPED = {
    "interrupted": "stopped by Ctrl+C or a termination signal",
    "refused": "stopped",
    "crashed": "stopped by a defect of the program",
    "killed": "stopped without a word: its process was killed, or the machine went down",
}
"""How a study that neither runs nor has ended came to stand still, in words."""


@dataclass(frozen=True)
class Status:
    """Status of a study, as its ledger and its records tell it.

    Args:
        phase: the phase that the study is in: one that trains, ``score``, ``extend`` (a user's addition), ``finished``.
        state: ``running``; ``finished``; ``ended`` without an answer, since networks diverged; or how it was stopped:
            ``interrupted``, ``refused`` with three lines, ``crashed``, or ``killed``, when nothing was said.
        reason: why it was refused or crashed; else empty.
        counts: replicas that have ended by phase, the share of the work that is done, and failures by reason.
        alive: whether a driver works on the study now.
        running: shards that have started and neither finished nor failed; none where no driver is alive.
        left: time left at the pace of the session; ``None`` where nothing runs or it is too early to say.
        per_minute: replicas that end per minute in the session; ``None`` where nothing runs or none has.
        chosen: the arm that validation chose, once it has.
        report: path of the report, if it was written after the last score.
        trees: of ``branch`` by number of stages, as far as they are found by affinity.
        devices: types of the devices that replicas were trained on, first the one of the last session.
        use: how the study uses the device of the last session: precision, packing and memory of GPUs.
        note: who works and what is waited for, as the driver has last said; ``None``: none does on this machine.
    """

    phase: str
    state: str
    reason: str
    counts: Counts
    alive: bool
    running: int
    left: TimeLeft | None
    per_minute: float | None
    chosen: str | None
    report: str | None = None
    trees: dict[str, Tree] = field(default_factory=dict)
    devices: list[str] = field(default_factory=list)
    use: DeviceUse = field(default_factory=DeviceUse)
    note: StatusNote | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to train or to score."""
        return self.state in (FINISHED, "ended")

    def facts(self) -> dict[str, Any]:
        """Return the status as JSON can hold it; counts and times have the names that ``run --json`` gives them."""
        facts = asdict(self)
        counts, _, per_minute, _, _ = (facts.pop(name) for name in ("counts", "left", "per_minute", "use", "note"))
        facts |= self.use.facts()
        working = {} if self.note is None else self.note.facts()
        return facts | counts | range_facts("seconds_left", self.left) | {"replicas_per_minute": per_minute} | working


def read_status(run: Path, *, alive: bool | None = None) -> Status:
    """Read the status of the study in ``run``.

    Args:
        run: the run directory.
        alive: whether a driver works there; ``None``: as the directory's lock says.

    Raises:
        UserError: when no study was begun there.
    """
    path = run / ledger.NAME
    if not path.is_file():
        raise UserError(
            str(run), "there is no study here (no ledger.jsonl).", "Name a run directory, such as runs/demo."
        )
    # before the rest is read: a driver that ends meanwhile has written all of it
    alive = ledger.is_locked(run) if alive is None else alive
    scratch = scratch_named_in(run) if alive else None
    found = status_of(
        ledger.read(path),
        read_recorded(run),
        alive=alive,
        report=current_report(run),
        epochs_of=_heartbeats(scratch) if alive else None,
    )
    return found if scratch is None else replace(found, note=read_note(scratch))


def _heartbeats(scratch: Path | None) -> Callable[[str], int]:
    """Return what says how many epochs a running shard has done: its heartbeats, if they are on this machine."""

    def epochs_of(shard: str) -> int:
        is_name = re.fullmatch("[0-9a-f]{1,64}", shard)  # names come from the ledger, which may be anybody's
        said = Heartbeats(scratch / "beats").read(shard) if scratch is not None and is_name else None
        return said[0] if said else 0

    return epochs_of


def status_of(
    events: Iterable[Event],
    recorded: Recorded,
    *,
    alive: bool = True,
    report: str | None = None,
    epochs_of: Callable[[str], int] | None = None,
    now: datetime | None = None,
) -> Status:
    """Return the status that the ledger's ``events`` and the records amount to.

    Args:
        events: of the ledger, in order.
        recorded: the replicas that are recorded.
        alive: whether a driver works on the study now.
        report: path of the report, if there is one.
        epochs_of: says of a running shard how many epochs it has done; ``None``: nothing says so.
        now: the time; by default that of the machine.
    """
    events, now = list(events), now or datetime.now(UTC)
    session = last_session(events)
    running = _running(session) if alive else {}
    frozen = [event for event in events if event["event"] == "frozen" and "fold" not in event]
    choices = {event["choice"]: event["value"] for event in frozen}
    phase = _phase(events, choices, recorded, running)
    state, reason = _state(events, phase, alive=alive)
    counts = _counts(session, recorded, running, epochs_of)
    devices = list(dict.fromkeys(event["device"] for event in reversed(events) if event["event"] == "device"))
    counts = counts.of_all() if phase == FINISHED or state == "ended" else counts
    return Status(
        phase=phase,
        state=state,
        reason=reason,
        counts=counts,
        alive=alive,
        running=len(running),
        left=_left(session, counts, now) if alive and phase not in (SCORE, FINISHED) else None,
        per_minute=replicas_per_minute(session, recorded.has_ended, now) if alive else None,
        chosen=choices.get("arm", {}).get("arm"),
        report=report,
        trees={str(event["stages"]): event["tree"] for event in events if event["event"] == "tree"},
        devices=devices,
        use=device_use(events, devices[0] if devices else ""),
    )


def _running(session: Iterable[Event]) -> dict[str, Event]:
    """Shards that have started and not ended, in the last session, with the events of their starts."""
    running: dict[str, Event] = {}
    for event in session:
        if event["event"] == "started":
            running[str(event["shard"])] = event
        elif event["event"] in ("finished", "failed", "cut"):
            running.pop(str(event.get("shard")), None)
    return running


def _counts(
    session: Sequence[Event], recorded: Recorded, running: Mapping[str, Event], epochs_of: Callable[[str], int] | None
) -> Counts:
    """Count what is done, with the epochs of running shards."""
    under_way = Counter[str]()
    for shard, event in running.items():
        epochs = epochs_of(shard) if epochs_of is not None else 0
        under_way[event["phase"]] += beyond_records(epochs, event.get("replicas", ()), recorded.entries)
    work, _ = of_session(session)
    return count(work, recorded.entries.values(), under_way)


def _left(session: Sequence[Event], counts: Counts, now: datetime) -> TimeLeft | None:
    if not session or session[0]["event"] != "planned":
        return None
    seconds = seconds_since(session, "started", now)
    return time_left(of_session(session)[1], counts.share, seconds, session, counts.untried)


def _phase(
    events: Sequence[Event], choices: Mapping[str, Any], recorded: Recorded, running: Mapping[str, Event]
) -> str:
    """The phase of the shards that run, or the one that the frozen choices have reached."""
    if open_addition(events) is not None:
        return EXTEND
    opened = _opened(events)
    if "verdict" in opened:
        return SCORE if recorded.unscored() else FINISHED
    if running and not opened:  # what runs later is scored
        return next(iter(running.values()))["phase"]
    reached = [phase for choice, phase in CHOICES.items() if choice in choices]
    return reached[-1] if reached else "search"


def _opened(events: Sequence[Event]) -> list[str]:
    """The phases for which the test split was opened, those before the last addition of seeds left out."""
    last = max((place for place, event in enumerate(events) if event["event"] == "extended"), default=-1)
    return [event["phase"] for event in events[last + 1 :] if event["event"] == "test_opened"]


def _state(events: Sequence[Event], phase: str, *, alive: bool) -> tuple[str, str]:
    """How the study stands, and the reason where it was stopped for one."""
    if alive:
        return "running", ""
    if any(event["event"] == "ended" for event in events):
        return "ended", ""
    if phase == FINISHED:
        return FINISHED, ""
    last = events[-1] if events else {"event": ""}  # a driver that can still write says last how it ended
    kind = last["event"] if last["event"] in STOPPED else "killed"
    return kind, str(last.get("reason", "")) if kind != "killed" else ""
