"""``status``: prints what is done, running, failed and left of a study."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from analysis.formatting import tree_words
from analysis.records.resume_command import resume_command
from study.cli.console import say, say_json
from study.cli.study_status import EXTEND, FINISHED, STOPPED, Status, read_status
from study.driver.places import STATES, for_reading, is_worked_on
from study.driver.watching.device_words import device_lines, device_text
from study.driver.watching.pace import rate_text
from study.driver.watching.words import failure_lines, machines_text
from study.protocol.addition import open_addition
from study.store import ledger
from study.store.remote.address import name_of

WATCH_SECONDS = 2.0


def status(run: Path, *, watch: bool, as_json: bool) -> None:
    """Print the status of the study in ``run``; with ``watch`` again and again while a driver works on it."""
    while True:
        alive = is_worked_on(run)  # before the rest is read: a driver that ends meanwhile has written all of it
        directory = for_reading(run, STATES)
        now = read_status(directory, alive=alive)
        say_json(now.facts()) if as_json else say(*lines_of(directory, now, name_of(run)))
        if not watch or not now.alive:
            return
        time.sleep(WATCH_SECONDS)


def lines_of(run: Path, now: Status, name: str | None = None) -> list[str]:
    """Return the status as lines of text for people; ``name`` is what the user calls the run directory."""
    name = name or str(run)
    lines = [f"{name}: {_headline(run, now, name)}"]
    lines += [f"  {line}" for line in now.counts.lines(is_over=now.is_over)]
    lines += [f"  {line}" for line in failure_lines(now.counts, most=len(now.counts.failed))]
    lines += [] if now.is_over else [f"  share    {now.counts.share:.0%} of the study"]
    lines += _workers(now)
    lines += [f"  rate     {rate_text(now.per_minute)}"] if now.per_minute is not None else []
    lines += [f"  left     {now.left}"] if now.left is not None else []
    for stages, tree in now.trees.items():
        lines.append(f"  tree     {stages} stages: {' → '.join(tree_words(tree))}")
    if now.devices:
        _, *earlier = now.devices
        mixed = f"; replicas of earlier sessions were trained on {' and '.join(earlier)}" if earlier else ""
        lines.append(f"  device   {device_text(now.use)}{mixed}")
    lines += [f"  {line}" for line in device_lines(now.use, datetime.now(UTC))]
    if now.chosen:
        lines.append(f"  chosen   {now.chosen}")
    return lines


def _workers(now: Status) -> list[str]:
    """Who works, and what is waited for."""
    if now.note is None or now.state != "running":
        return []
    lines = [f"  workers  {now.running} of {now.note.workers} busy"]
    lines += [f"  machines {machines_text(now.note.machines)}"] if now.note.machines else []
    return lines + ([f"  waiting  for {now.note.waiting}"] if now.note.waiting else [])


def _headline(run: Path, now: Status, name: str) -> str:
    report = f"report: {now.report}" if now.report else f"mtl-study report {name} writes the report"
    if now.state == "running":
        shards = "1 shard" if now.running == 1 else f"{now.running:,} shards"
        return f"{now.phase}, {shards} running" if now.running else f"{now.phase}, running"
    if now.state == FINISHED:
        return f"finished; {report}"
    if now.state == "ended":
        return f"ended without an answer, since networks diverged; {report}"
    reason = f": {now.reason.rstrip('.')}" if now.reason else ""
    if now.phase == EXTEND:
        added = open_addition(ledger.read(run / ledger.NAME))
        again = "the command that added to it" if added is None else added.command(name)
        return f"{STOPPED[now.state]}{reason}; what was to be added to it is not judged yet; {again} goes on with it"
    command = resume_command(run)
    known = f"this goes on with it: {command}"
    again = "the command that began the study goes on with it" if command is None else known
    return f"{STOPPED[now.state]}{reason}; it is in the {now.phase} phase, nothing is running; {again}"
