"""A study for one trial: it is driven, disturbed, gone on with, and held against an undisturbed one."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from study.store.archive import Entry
from study.store.recorded import read_recorded
from tests.faults.acts import Count, noted
from tests.faults.session import Ended, Fault, session
from tests.faults.trial import FINISHED, RESUMABLE, Trial
from tests.study.driver.test_run import tables

SHORT: dict[str, Any] = {
    "factors": {"depth": [1], "stages": [1]},
    "tuning": {"draws": 4},
    "training": {"epochs": 4},
    "confirm": {"seeds": 2},
    "verdict": {"seeds": 2, "max_seeds": 2, "follow_up": False},
}
"""What makes the tiny study shorter: about fifty replicas, a second."""
REFUSED = 2
"""Exit status of the command after a user's error or on a disk that cannot be written."""


@dataclass(frozen=True)
class Undisturbed:
    """A study that nothing disturbed.

    Args:
        folder: of its run directory.
    """

    folder: Path

    @cached_property
    def tables(self) -> Any:
        """Records and scores."""
        return tables(self.out)

    @cached_property
    def out(self) -> Path:
        """The run directory of the finished study."""
        out = self.folder / "run"
        ended = session(out, SHORT, [Count(out, self.folder / "operations")])
        assert ended.code == 0, ended.said
        return out

    @cached_property
    def operations(self) -> list[str]:
        """Labels of all operations on the run directory, in order."""
        assert self.out.is_dir()
        return (self.folder / "operations").read_text().splitlines()

    @cached_property
    def startup(self) -> int:
        """Operations of a resumed session before anything goes on."""
        ended = session(self.out, SHORT, [Count(self.out, self.folder / "again")])
        assert ended.code == 0, ended.said
        labels = (self.folder / "again").read_text().splitlines()
        return next(number for number, label in enumerate(labels, start=1) if label.startswith("pwrite planned"))


@dataclass(frozen=True)
class Held:
    """What is recorded at one moment: the longest record of every replica."""

    entries: dict[str, Entry]

    def lost(self, after: Held) -> int:
        """Return how many replicas have no record any more, or a shorter one."""
        return sum(
            key not in after.entries or after.entries[key].epochs < entry.epochs for key, entry in self.entries.items()
        )

    def repeated(self, trained: list[str]) -> int:
        """Return how many of what was ``trained`` later, a replica and its epochs a line, was recorded already."""
        found = {(key, int(epochs)) for key, epochs in map(str.split, trained)}
        return sum(
            key in self.entries and self.entries[key].status != "failed" and self.entries[key].epochs >= epochs
            for key, epochs in found
        )

    def without_stopped(self) -> Held:
        """Return what is held without what halving stopped: an arm that lost replicas to failures is halved anew."""
        return Held({key: entry for key, entry in self.entries.items() if entry.status != "stopped"})

    def without(self, part: str) -> Held:
        """Return what is held without the replicas of a part, which a fault took."""
        return Held({key: entry for key, entry in self.entries.items() if entry.part != part})


@dataclass
class Lab:
    """The place of one trial.

    Args:
        folder: an empty folder.
        undisturbed: the study as it is without faults.
        number: of the trial, from 0; all that is drawn at random follows from it.
        of: number of trials.
        place: what the command is told as ``--out``; by default the run directory.
        apart: where operation after operation is struck, those of one trial lie so many times as far apart.
    """

    folder: Path
    undisturbed: Undisturbed
    number: int
    of: int
    apart: int = 1
    place: str | None = None
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.out, self.beside = self.folder / "run", self.folder
        self.chance = random.Random(f"{self.number} of {self.of}")

    @property
    def operation(self) -> int:
        """Number of an operation drawn at random from this trial's share of all, so that trials cover them evenly."""
        last = len(self.undisturbed.operations)
        return 1 + int((self.number + self.chance.random()) / self.of * last)

    def drive(
        self,
        *faults: Fault,
        report: bool = False,
        meanwhile: Callable[[BaseProcess], None] | None = None,
        **changes: Any,
    ) -> Ended:
        """Run the command once, or once more."""
        return session(
            self.out, SHORT | changes, faults, report=report, meanwhile=meanwhile, beside=self.beside, place=self.place
        )

    @property
    def held(self) -> Held:
        """What is recorded now."""
        return Held(dict(read_recorded(self.out).entries))

    def resumed(
        self,
        first: Ended,
        *,
        came: bool | None = None,
        held: Held | None = None,
        report: bool = False,
        ended_as_it_should: bool = False,
        faults: tuple[Fault, ...] = (),
    ) -> Trial:
        """Run the same command again and compare what it ends in with the undisturbed study.

        Args:
            first: the session that the fault disturbed.
            came: whether the fault came; by default, whether the session did not end by itself.
            held: what the fault left; by default all that is recorded now.
            report: whether the report is written, too.
            faults: called in the driver's process.
            ended_as_it_should: whether an exit status of 1 is no defect: the watchdog's.
        """
        before = self.held if held is None else held
        second = self.drive(*faults, report=report)
        silence = max(first.silence, second.silence)
        interrupted = int(first.code != 0 if came is None else came)
        return Trial(
            RESUMABLE,
            interrupted,
            silence,
            lost=before.lost(self.held),
            repeated=before.repeated(second.trained),
            different=("" if ended_as_it_should else defect(first)) or self.difference(second),
        )

    def went_on(self, ended: Ended, *, came: bool) -> Trial:
        """Compare a study that went on to its end in spite of a fault with the undisturbed one."""
        return Trial(FINISHED, int(came), ended.silence, different=self.difference(ended))

    def refused(self, ended: Ended, held: Held) -> Trial:
        """Judge a session that was to be refused and to leave everything as it was."""
        right = ended.code == REFUSED and ended.refusal and not ended.trained
        different = "" if right else f"exit status {ended.code}: {ended.said[-300:]}"
        return Trial(f"refused: {ended.refusal}", 1, ended.silence, lost=held.lost(self.held), different=different)

    def difference(self, ended: Ended) -> str:
        """Return what tells the study from an undisturbed one after its last session; empty: nothing."""
        if ended.code != 0:
            return f"exit status {ended.code}: {ended.said[-300:]}"
        return "" if tables(self.out) == self.undisturbed.tables else "other tables"

    def rows_that_differ(self, kept: Callable[[dict[str, Any]], bool]) -> str:
        """Return whether those of the records that are ``kept`` differ from an undisturbed study's; empty: none do."""
        here, there = ([row for row in found[0] if kept(row)] for found in (tables(self.out), self.undisturbed.tables))
        return "" if here == there else "other records"

    def copied(self) -> None:
        """Put a copy of the finished, undisturbed study in place."""
        import shutil

        shutil.copytree(self.undisturbed.out, self.out)

    def came(self) -> list[str]:
        """Return labels of what was struck so far."""
        return noted(self.out)


def defect(ended: Ended) -> str:
    """Return what a session said that ended as a defect of the program does; empty: it did not."""
    return f"a defect: {ended.said[-300:]}" if ended.code == 1 else ""


def every_operation(lab: Lab, fault: Callable[[Path, int], Fault], stride: int) -> Trial:
    """Disturb a study at every ``stride``-th operation, from one further on in every trial, until it is finished.

    The first session is struck at the operation with the number of the trial; each later one, which goes on from
    there, a stride after its start, and every fifth one during its start.  Where that strikes the same step again,
    which is done whole or not at all and has more operations than a stride, the next goes twice as far.
    """
    tried = lost = repeated = 0
    stride *= lab.apart
    silence, at, wrong = 0.0, 1 + lab.number % stride, ""
    far, before = stride, ""
    while True:
        held = lab.held
        ended = lab.drive(fault(lab.out, at))
        lost, repeated = lost + held.lost(lab.held), repeated + held.repeated(ended.trained)
        silence, wrong = max(silence, ended.silence), wrong or defect(ended)
        struck = len(lab.came())
        if ended.code == 0:
            break
        tried += 1
        if wrong or tried > 10 * len(lab.undisturbed.operations):
            break
        startup = lab.undisturbed.startup
        if at > startup:
            far, before = (2 * far if lab.came()[-1] == before else stride), lab.came()[-1]
        at = lab.chance.randint(1, startup) if tried % 5 == 0 else startup + far
    covered = tuple(lab.came())
    wrong = wrong or lab.difference(ended)
    return Trial(RESUMABLE, min(struck, tried), silence, tried, lost, repeated, wrong, covered)
