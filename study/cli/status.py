"""``status``: prints what is done, running, failed and left of a study, read from its ledger and its records."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from analysis.formatting import tree_words
from mtl_core.errors import UserError
from mtl_core.task_tree import Tree
from study.cli.console import say, say_json
from study.config.durations import duration
from study.planning.plan import PHASES
from study.protocol.addition import open_addition
from study.store import ledger
from study.store.recorded import Recorded, read_recorded

WATCH_SECONDS = 2.0
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
        phase: the phase that the study is in: one that trains, ``score``, ``extend`` while a user's addition to it is
            under way, or ``finished`` when all is scored.
        state: ``running``; ``finished``; ``ended`` without an answer, since networks diverged; or how it was stopped:
            ``interrupted``, ``refused`` with three lines, ``crashed``, or ``killed``, when nothing was said.
        reason: why it was refused or crashed; else empty.
        planned: replicas by phase, at most.
        done: replicas by phase that are recorded; of the search, some only up to a rung so far.
        alive: whether a driver works on the study now.
        running: shards that have started and neither finished nor failed; none where no driver is alive.
        failed: replicas that failed, by reason.
        diverged: replicas that diverged.
        seconds_left: a guess from what has run so far; ``None`` before anything has, and where nothing runs.
        chosen: the recommended arm, once chosen.
        report: path of the report, if it was written after the last score.
        trees: of ``branch`` by number of stages, as far as they are found by affinity.
        devices: types of the devices that replicas were trained on, first the one of the last session.
    """

    phase: str
    state: str
    reason: str
    planned: dict[str, int]
    done: dict[str, int]
    alive: bool
    running: int
    failed: dict[str, int]
    diverged: int
    seconds_left: float | None
    chosen: str | None
    report: str | None = None
    trees: dict[str, Tree] = field(default_factory=dict)
    devices: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to train or to score."""
        return self.state in (FINISHED, "ended")


def status(run: Path, *, watch: bool, as_json: bool) -> None:
    """Print the status of the study in ``run``; with ``watch`` again and again while a driver works on it."""
    while True:
        now = read_status(run)
        say_json(asdict(now)) if as_json else say(*lines_of(run, now))
        if not watch or not now.alive:
            return
        time.sleep(WATCH_SECONDS)


def read_status(run: Path) -> Status:
    """Read the status of the study in ``run``.

    Raises:
        UserError: when no study was begun there.
    """
    path = run / ledger.NAME
    if not path.is_file():
        raise UserError(
            str(run), "there is no study here (no ledger.jsonl).", "Name a run directory, such as runs/demo."
        )
    alive = ledger.is_locked(run)  # before the rest is read: a driver that ends meanwhile has written all of it
    return status_of(ledger.read(path), read_recorded(run), alive=alive, report=_report(run))


def _report(run: Path) -> str | None:
    """Return the path of the report, unless scores have come since it was written."""
    page = run / "report.html"
    if not page.is_file():
        return None
    newest = max((path.stat().st_mtime for path in (run / "scores").glob("[!.]*.parquet")), default=0.0)
    return str(page) if page.stat().st_mtime >= newest else None


def status_of(
    events: Iterable[Mapping[str, Any]], recorded: Recorded, *, alive: bool = True, report: str | None = None
) -> Status:
    """Return the status that the ledger's ``events`` and the records amount to.

    Args:
        events: of the ledger, in order.
        recorded: the replicas that are recorded.
        alive: whether a driver works on the study now.
        report: path of the report, if there is one.
    """
    events = list(events)
    planned = next((dict(event["replicas"]) for event in reversed(events) if event["event"] == "planned"), {})
    done = dict.fromkeys(planned, 0) | recorded.by_phase()
    planned |= {phase: max(planned.get(phase, 0), number) for phase, number in done.items()}  # seeds may be added
    choices = {
        event["choice"]: event["value"] for event in events if event["event"] == "frozen" and "fold" not in event
    }
    opened = [event.get("phase") for event in events if event["event"] == "test_opened"]
    phase = EXTEND if open_addition(events) is not None else _phase(choices, opened, recorded)
    state, reason = _state(events, phase, alive=alive)
    return Status(
        phase=phase,
        state=state,
        reason=reason,
        planned=planned,
        done=done,
        alive=alive,
        running=_num_running(events) if alive else 0,
        failed=recorded.reasons("failed"),
        diverged=sum(recorded.reasons("diverged").values()),
        seconds_left=_seconds_left(events, sum(planned.values()), sum(done.values())) if state == "running" else None,
        chosen=choices.get("arm", {}).get("arm"),
        report=report,
        trees={str(event["stages"]): event["tree"] for event in events if event["event"] == "tree"},
        devices=list(dict.fromkeys(event["device"] for event in reversed(events) if event["event"] == "device")),
    )


def _num_running(events: Iterable[Mapping[str, Any]]) -> int:
    """Shards that have started and not ended, in the last session."""
    running: set[str] = set()
    for event in events:
        kind, shard = event["event"], str(event.get("shard"))
        if kind == "planned":
            running.clear()  # a new driver: whatever the last one left running is not
        elif kind == "started":
            running.add(shard)
        elif kind in ("finished", "failed", "cut"):
            running.discard(shard)
    return len(running)


def _phase(choices: Mapping[str, Any], opened: list[Any], recorded: Recorded) -> str:
    if "verdict" in opened:
        return SCORE if recorded.unscored() else FINISHED
    reached = [phase for choice, phase in CHOICES.items() if choice in choices]
    return reached[-1] if reached else "search"


def _state(events: list[Mapping[str, Any]], phase: str, *, alive: bool) -> tuple[str, str]:
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


def _seconds_left(events: list[Mapping[str, Any]], planned: int, done: int) -> float | None:
    """Seconds left at the pace of this session, which begins with the last ``planned``."""
    start = max((index for index, event in enumerate(events) if event["event"] == "planned"), default=0)
    session = events[start:]
    finished = [event for event in session if event["event"] == "finished"]
    replicas = sum(len(event.get("replicas", ())) for event in finished)
    if not replicas:
        return None
    spent = datetime.fromisoformat(finished[-1]["time"]) - datetime.fromisoformat(session[0]["time"])
    return max(0, planned - done) * spent.total_seconds() / replicas


def lines_of(run: Path, now: Status) -> list[str]:
    """Return the status as lines of text for people."""
    lines = [f"{run}: {_headline(run, now)}"]
    for phase, number in now.planned.items():
        most = f" of at most {number:,}" if _is_open(now, phase) else ""
        lines.append(f"  {phase:8} {now.done.get(phase, 0):>7,}{most} replicas recorded")
    lines += [f"  failed   {number:>7,} replicas: {reason}" for reason, number in now.failed.items()]
    lines += [f"  diverged {now.diverged:>7,} replicas"] if now.diverged else []
    for stages, tree in now.trees.items():
        lines.append(f"  tree     {stages} stages: {' → '.join(tree_words(tree))}")
    if now.devices:
        last, *earlier = now.devices
        mixed = f"; replicas of earlier sessions were trained on {' and '.join(earlier)}" if earlier else ""
        lines.append(f"  device   {last}{mixed}")
    if now.chosen:
        lines.append(f"  chosen   {now.chosen}")
    if now.seconds_left is not None:
        lines.append(f"  left     about {duration(now.seconds_left)}")
    return lines


def _headline(run: Path, now: Status) -> str:
    report = f"report: {now.report}" if now.report else f"mtl-study report {run} writes the report"
    if now.state == "running":
        return f"{now.phase}, {now.running} shards running" if now.running else f"{now.phase}, running"
    if now.state == FINISHED:
        return f"finished; {report}"
    if now.state == "ended":
        return f"ended without an answer, since networks diverged; {report}"
    reason = f": {now.reason.rstrip('.')}" if now.reason else ""
    if now.phase == EXTEND:
        added = open_addition(ledger.read(run / ledger.NAME))
        again = "the command that added to it" if added is None else added.command(str(run))
        return f"{STOPPED[now.state]}{reason}; what was to be added to it is not judged yet; {again} goes on with it"
    return (
        f"{STOPPED[now.state]}{reason}; it is in the {now.phase} phase, nothing is running, and the command that began "
        "the study goes on with it"
    )


def _is_open(now: Status, phase: str) -> bool:
    """Whether replicas of ``phase`` may still be trained, so that their largest number tells something."""
    phases = [*PHASES]
    return not now.is_over and now.phase in phases and phases.index(phase) >= phases.index(now.phase)
