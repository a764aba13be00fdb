"""``runs``: lists the run directories below a folder, with what each is about and how far it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from analysis.records.load import settings_of
from mtl_core.errors import UserError
from study.cli.console import say, say_json, say_table
from study.cli.study_status import read_status
from study.driver.places import STATES, addresses_below, for_reading, is_worked_on
from study.store import ledger
from study.store.remote.address import address_of, is_address

DEEPEST = 3
"""How far below the folder run directories are looked for: a suite's studies lie one below it."""


@dataclass(frozen=True)
class Found:
    """A run directory.

    Args:
        run: its path.
        study: name of the study.
        tasks: number of tasks.
        state: ``running``, ``finished``, ``ended`` or how it was stopped, as ``status`` says it.
        done: recorded replicas, of at most so many.
        changed: when something was recorded last, ISO 8601.
        report: path of the report, if it is newer than the last score.
    """

    run: str
    study: str
    tasks: int
    state: str
    done: tuple[int, int]
    changed: str
    report: str | None

    @property
    def replicas(self) -> str:
        """How many replicas are recorded, in words; of how many at most, where there may be more."""
        done, most = self.done
        return f"{done:,}" if done == most else f"{done:,} of {most:,}"


def runs(folder: Path, *, as_json: bool) -> None:
    """Print the run directories below ``folder``, the last changed first.

    Raises:
        UserError: when there is no such folder, or nothing was run there.
    """
    found = sorted(_found(folder), key=lambda one: one.changed, reverse=True)
    if not found:
        raise UserError(str(folder), "no run directory is here.", "Name the folder that runs were written to.")
    if as_json:
        say_json([asdict(one) for one in found])
        return
    headings = ("run", "study", "tasks", "state", "replicas", "last change", "report")
    rows = [
        (
            *(one.run, one.study, one.tasks, one.state, one.replicas),
            *(one.changed.replace("T", " "), "yes" if one.report else "no"),
        )
        for one in found
    ]
    say_table(headings, rows)
    say("", "More of one: mtl-study status RUN")


def _found(folder: Path) -> Iterator[Found]:
    """What is in a folder, or below an address."""
    if is_address(folder):
        for address in addresses_below(address_of(folder)):
            yield _read(for_reading(str(address), STATES), str(address), alive=is_worked_on(str(address)))
        return
    if not folder.is_dir():
        raise UserError(str(folder), "there is no such folder.", "Name the one that runs were written to.")
    for run in _directories(folder):
        yield _read(run, str(run))


def _directories(folder: Path, depth: int = 0) -> list[Path]:
    """Run directories of studies at and below ``folder``; links are not followed."""
    if (folder / ledger.NAME).is_file():
        return [folder]
    if depth == DEEPEST:
        return []
    below = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    return [run for path in below if not path.name.startswith(".") for run in _directories(path, depth + 1)]


def _read(run: Path, place: str, *, alive: bool | None = None) -> Found:
    status, facts = read_status(run, alive=alive), _facts(run)
    changed = datetime.fromtimestamp((run / ledger.NAME).stat().st_mtime).isoformat(timespec="minutes")
    done = sum(status.counts.done.values()), sum(status.counts.planned.values())
    return Found(place, _name(run), len(facts.get("tasks", ())), status.state, done, changed, status.report)


def _name(run: Path) -> str:
    """Name of the study; that of the directory where a run that was killed at its start has not written it."""
    path = run / "study.yaml"
    return str((settings_of(path) if path.is_file() else {}).get("name") or run.name)


def _facts(run: Path) -> dict[str, Any]:
    """Tasks of the study; nothing where a run that was killed at its start has not written them."""
    path = run / "tasks.json"
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise UserError(str(path), "this is no JSON.", "Put the file back as it was written.") from None
