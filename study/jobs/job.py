"""A shard: replicas that train as one fused array in one go, and how a worker trains it.

How replicas are grouped into shards changes no result, so a shard may be cut in two when memory runs out, and a
resumed study may group what is missing in another way.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from mtl_core.data.task_set import Development, Examples
from mtl_core.recipe import Recipe
from study.planning.arm import Arm
from study.planning.replica import Budget, Replica

if TYPE_CHECKING:
    from study.store.archive import Archive

Beat = Callable[[int, int, float], None]
"""Told after every epoch: epochs done and epochs to do, summed over replicas, and the best mean skill so far."""

SHARD_SIZE = 16
"""Replicas a shard: on a processor arrays of 4 to 16 take all that fusion gives; larger ones leave its cache."""

DISK = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES, errno.EIO}


@dataclass(frozen=True)
class Data:
    """What workers receive; ``test`` only in the score phase, so nothing that trains can look at it."""

    development: Development
    test: Examples | None = None


@dataclass(frozen=True)
class Summary:
    """How a shard ended.

    Args:
        outcome: ``recorded``: its records are written; ``memory``: it needs more than there is; ``died``: its worker
            did; ``stuck``: the study cannot go on before somebody acts (a full disk, say).
        reason: of an outcome other than ``recorded``.
        best: best mean validation skill of its replicas; NaN: none.
    """

    outcome: Literal["recorded", "memory", "died", "stuck"]
    reason: str = ""
    best: float = float("nan")
    seconds: float = 0.0


class Job(Protocol):
    """Something for a worker to do: a shard that trains, or one that scores."""

    @property
    def phase(self) -> str:
        """Of its replicas."""
        ...

    @property
    def arm(self) -> Arm:
        """Of its replicas."""
        ...

    @property
    def tasks(self) -> tuple[str, ...]:
        """What each of its replicas learns."""
        ...

    @property
    def replicas(self) -> Mapping[str, Replica]:
        """By content hash."""
        ...

    @property
    def name(self) -> str:
        """A content hash: names the files that the job writes."""
        ...

    def run(self, data: Data, directory: Path, beat: Beat) -> Summary:
        """Do it, in a worker; never raises for what a user's code does."""
        ...

    def missing(self, archive: Archive) -> list[str]:
        """Those of its replicas that the archive does not hold yet."""
        ...

    def keeping(self, keys: Sequence[str], archive: Archive) -> Job:
        """The same job for some of its replicas, ready to run from what the archive knows now."""
        ...

    def collect(self, archive: Archive) -> bool:
        """Let the archive take in what the job wrote; ``False`` when that is not there."""
        ...

    def give_up(self, archive: Archive, reason: str) -> None:
        """Record, in the driver, that its replicas failed."""
        ...


@dataclass(frozen=True)
class Shard:
    """Replicas of one arm (of one task for single-task arms) in one phase, up to one rung.

    Args:
        tasks: what each of its replicas learns: the single task, or all.
        replicas: by content hash.
        until: epochs that they have when it is done.
        budget: of the phase; ``budget.epochs`` beyond ``until`` means that rungs follow.
        sources: stems of the parts whose checkpoints hold their states.
    """

    phase: str
    arm: Arm
    tasks: tuple[str, ...]
    replicas: Mapping[str, Replica]
    until: int
    budget: Budget
    sources: tuple[str, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """A content hash of what is trained."""
        return hashlib.sha256(json.dumps([sorted(self.replicas), self.until]).encode()).hexdigest()[:16]

    @property
    def recipe(self) -> Recipe:
        """What its replicas have in common."""
        return recipe_of(self.arm, self.budget)

    def run(self, data: Data, directory: Path, beat: Beat) -> Summary:
        """Train it; the records are written last, so a shard with records is complete."""
        from study.jobs.train import train_shard

        return train_shard(self, data.development, directory, beat)

    def missing(self, archive: Archive) -> list[str]:
        """Replicas that have to be trained on, or anew because a model or a measurement that is needed is gone."""
        return [key for key in self.replicas if not (archive.done(key, self.until) and self._usable(key, archive))]

    def _usable(self, key: str, archive: Archive) -> bool:
        """Whether what later phases and the report need of a trained replica is there."""
        if self.phase == "search":
            return True
        judged = archive.is_scored(key) or archive.has_model(key)
        return judged and (not self.recipe.probes or archive.has_probes(key))

    def keeping(self, keys: Sequence[str], archive: Archive) -> Shard:
        """The same shard for some of its replicas, which go on from their last checkpoints."""
        known = {archive.entries[key].part for key in keys if key in archive.entries}
        return replace(self, replicas={key: self.replicas[key] for key in keys}, sources=tuple(sorted(known)))

    def collect(self, archive: Archive) -> bool:
        """Take in its records."""
        return archive.add(self.name) and not self.missing(archive)

    def give_up(self, archive: Archive, reason: str) -> None:
        """Record its replicas as failed."""
        from study.jobs.train import failure_rows

        archive.write(self.name, failure_rows(self, archive.directory, reason))


def recipe_of(arm: Arm, budget: Budget) -> Recipe:
    """The fusion key of an arm's replicas."""
    levels = {factor: level for factor, level in arm.levels().items() if factor != "capacity"}
    return Recipe(**levels, **budget.content(arm))


def shards_of(
    replicas: Mapping[str, Replica], tasks: tuple[str, ...], *, until: int, budget: Budget, size: int = SHARD_SIZE
) -> Iterator[Shard]:
    """Group replicas by phase, arm and task into shards of nearly equal size, at most ``size``."""
    groups: dict[tuple[str, Arm, str | None], list[str]] = {}
    for key, replica in replicas.items():
        groups.setdefault((replica.phase, replica.arm, replica.task), []).append(key)
    for (phase, arm, task), keys in groups.items():
        pieces = -(-len(keys) // size)
        bounds = [len(keys) * piece // pieces for piece in range(pieces + 1)]
        for start, stop in pairwise(bounds):
            members = {key: replicas[key] for key in keys[start:stop]}
            yield Shard(phase, arm, tasks if task is None else (task,), members, until, budget)


def guarded(work: Callable[[], Summary], failed: Callable[[str], Summary]) -> Summary:
    """Run ``work``; a user's error becomes that shard's failure, want of memory or disk an outcome of its own."""
    try:
        return work()
    except MemoryError as error:
        return Summary("memory", describe(error))
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK:
            return Summary("stuck", f"nothing can be written: {describe(error)}")
        if _wants_memory(error):
            return Summary("memory", describe(error))
        return failed(describe(error))


def describe(error: BaseException) -> str:
    """An error in one line: its class, its first line, and where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace is not None else ""
    first_line = (str(error).strip().splitlines() or [""])[0][:300]
    return f"{type(error).__name__}: {first_line}{place}"


def _wants_memory(error: Exception) -> bool:
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
