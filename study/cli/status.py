"""``status``: prints what is done, running, failed and left of a study, read from its ledger."""

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
from study.store import ledger

WATCH_SECONDS = 2.0
CHOICES = {"draws": "confirm", "arm": "verdict", "judged": "verdict"}


@dataclass(frozen=True)
class Status:
    """Status of a study, as its ledger tells it.

    Args:
        phase: the phase that the study is in, or ``reported`` at its end.
        planned: replicas by phase, at most.
        done: replicas by phase that are recorded; of the search, some only up to a rung so far.
        alive: whether a driver works on the study now.
        running: shards that have started and neither finished nor failed; none where no driver is alive.
        failed: replicas of shards in which one failed, by reason.
        seconds_left: a guess from what has run so far; ``None`` before anything has.
        chosen: the recommended arm, once chosen.
        trees: of ``branch`` by number of stages, as far as they are found by affinity.
    """

    phase: str
    planned: dict[str, int]
    done: dict[str, int]
    alive: bool
    running: int
    failed: dict[str, int]
    seconds_left: float | None
    chosen: str | None
    trees: dict[str, Tree] = field(default_factory=dict)


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
    return status_of(ledger.read(path), alive=ledger.is_locked(run))


def status_of(events: Iterable[Mapping[str, Any]], *, alive: bool = True) -> Status:
    """Return the status that the ledger's ``events`` amount to.

    Args:
        events: of the ledger, in order.
        alive: whether a driver works on the study now.
    """
    events = list(events)
    planned = next((dict(event["replicas"]) for event in reversed(events) if event["event"] == "planned"), {})
    ended: dict[str, set[str]] = {phase: set() for phase in planned}
    failed: dict[str, set[str]] = {}
    for event in events:
        if event["event"] in ("finished", "failed"):
            ended.setdefault(event["phase"], set()).update(event.get("replicas", ()))
        if event["event"] == "failed":
            failed.setdefault(str(event.get("reason", "unknown")), set()).update(event.get("replicas", ()))
    done = {phase: len(keys) for phase, keys in ended.items()}
    choices = {
        event["choice"]: event["value"] for event in events if event["event"] == "frozen" and "fold" not in event
    }
    opened = [event.get("phase") for event in events if event["event"] == "test_opened"]
    return Status(
        phase=_phase(choices, opened),
        planned=planned,
        done=done,
        alive=alive,
        running=_num_running(events) if alive else 0,
        failed={reason: len(keys) for reason, keys in failed.items()},
        seconds_left=_seconds_left(events, sum(planned.values()), sum(done.values())),
        chosen=choices.get("arm", {}).get("arm"),
        trees={str(event["stages"]): event["tree"] for event in events if event["event"] == "tree"},
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


def _phase(choices: Mapping[str, Any], opened: list[Any]) -> str:
    if "verdict" in opened:
        return "reported"
    reached = [phase for choice, phase in CHOICES.items() if choice in choices]
    return reached[-1] if reached else "search"


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
    running = f", {now.running} shards running" if now.running else ""
    if not now.alive and now.phase != "reported":
        running = ", nothing is running; the command that began the study goes on with it"
    lines = [f"{run}: {now.phase}{running}"]
    for phase, number in now.planned.items():
        lines.append(f"  {phase:8} {now.done.get(phase, 0):>7,} of at most {number:,} replicas recorded")
    lines += [f"  failed   {number:>7,} replicas: {reason}" for reason, number in now.failed.items()]
    for stages, tree in now.trees.items():
        lines.append(f"  tree     {stages} stages: {' → '.join(tree_words(tree))}")
    if now.chosen:
        lines.append(f"  chosen   {now.chosen}")
    if now.seconds_left is not None and now.alive and now.phase != "reported":
        lines.append(f"  left     about {duration(now.seconds_left)}")
    return lines
