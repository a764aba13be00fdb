"""A job: what a worker does for the replicas of a shard, how it reports, and how it may end.

:class:`study.jobs.train.TrainingJob` trains them, :class:`study.jobs.score.ScoringJob` scores them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mtl_core.data.task_set import Development, Examples
from study.jobs.shard import Shard
from study.planning.arm import Arm
from study.planning.replica import Replica
from study.store.undelivered import Undelivered
from study.store.unwritable import is_unwritable

if TYPE_CHECKING:
    from study.store.archive import Archive
    from study.store.storage import Storage

Heartbeat = Callable[[int, int, float], bool]
"""Called after every epoch: epochs done and epochs to do, summed over replicas, and the best mean skill so far.

Returns whether the job has to store its state and end, since its worker must leave.
"""


@dataclass(frozen=True)
class Data:
    """The examples that workers receive; the test split is there in the score phase only.

    Nothing that trains can look at the test split, since it does not have it.

    Args:
        development: the pool.
        test: the test split, in the score phase.
        device: type of the device that this worker trains on.
    """

    development: Development
    test: Examples | None = None
    device: str = "cpu"


@dataclass(frozen=True)
class Summary:
    """How a job ended.

    Args:
        outcome: ``recorded``: its records are written; ``memory``: it needs more than there is; ``died``: its worker
            did; ``undelivered``: the machine that holds the run directory did not answer it; ``left``: it has stored
            its state, since its worker must leave; ``stuck``: the study cannot go on before somebody acts (a full
            disk, say).
        reason: of an outcome other than ``recorded``.
        best: best mean validation skill of its replicas, by the tasks that they learn; empty: none.
        seconds: wall time of the job.
        memory: what it took of its GPU's memory, as :class:`mtl_core.training.device_memory.DeviceMemory` has it, with
            the ``host`` on which it ran; empty: it had none, or it scored.
    """

    outcome: Literal["recorded", "memory", "died", "undelivered", "left", "stuck"]
    reason: str = ""
    best: Mapping[tuple[str, ...], float] = field(default_factory=dict)
    seconds: float = 0.0
    memory: Mapping[str, Any] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return what events of the ledger say about how the job ended, beside the reason."""
        outcome = {} if self.outcome == "recorded" else {"outcome": self.outcome}
        memory = {"memory": dict(self.memory)} if self.memory else {}
        return {"seconds": round(self.seconds, 3)} | outcome | memory


@dataclass(frozen=True)
class Job(ABC):
    """Work on the replicas of one shard, for one worker.

    Args:
        shard: the replicas, and what they have in common.
    """

    shard: Shard

    @property
    def phase(self) -> str:
        """Phase of the job's replicas."""
        return self.shard.phase

    @property
    def arm(self) -> Arm:
        """Arm of the job's replicas."""
        return self.shard.arm

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that the job's replicas learn."""
        return self.shard.tasks

    @property
    def replicas(self) -> Mapping[str, Replica]:
        """The job's replicas by content hash."""
        return self.shard.replicas

    def facts(self) -> dict[str, Any]:
        """Return what events of the ledger say about the job, beside its name."""
        return {"phase": self.phase, "arm": self.arm.label, "replicas": list(self.replicas)}

    @property
    @abstractmethod
    def name(self) -> str:
        """A content hash, which names the files that the job writes."""

    @abstractmethod
    def run(self, data: Data, storage: Storage, heartbeat: Heartbeat) -> Summary:
        """Do the work, in a worker; an error of a user's code is a summary or a record and is not raised."""

    @abstractmethod
    def missing(self, archive: Archive) -> list[str]:
        """Return the replicas whose results the archive does not hold yet."""

    @abstractmethod
    def keeping(self, keys: Sequence[str], archive: Archive) -> Job:
        """Return the same job for the replicas ``keys``, ready to run from what the archive holds now."""

    @abstractmethod
    def collect(self, archive: Archive) -> bool:
        """Let the archive read what the job wrote; ``False`` when results are missing."""

    @abstractmethod
    def give_up(self, archive: Archive, reason: str) -> None:
        """Record, in the driver, that the job's replicas failed."""


class Leaving(Exception):
    """A job has stored its state and ends, since its worker must leave."""


def guarded(work: Callable[[], Summary], failed: Callable[[str], Summary]) -> Summary:
    """Run ``work``; a user's error becomes that job's failure, want of memory or disk an outcome of its own.

    A model that calls ``sys.exit`` fails, too: it must not end the study as if all were done.
    """
    try:
        return work()
    except MemoryError as error:
        return Summary("memory", describe(error))
    except (Exception, SystemExit) as error:
        if isinstance(error, Leaving):
            return Summary("left", str(error))
        if isinstance(error, Undelivered):
            return Summary("undelivered", str(error))
        if is_unwritable(error):
            return Summary("stuck", f"nothing can be written: {describe(error)}")
        if _wants_memory(error):
            return Summary("memory", describe(error))
        return failed(describe(error))


def describe(error: BaseException) -> str:
    """Return an error in one line: its class, its first line, and where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace is not None else ""
    first_line = (_text_of(error).strip().splitlines() or [""])[0][:300]
    return f"{type(error).__name__}: {first_line}{place}"


def _text_of(error: BaseException) -> str:
    """The text of an error; some errors of users' libraries raise another one when they are asked for it."""
    try:
        return str(error)
    except Exception as worse:
        return f"its text cannot be made ({type(worse).__name__})"


def _wants_memory(error: BaseException) -> bool:
    text = _text_of(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
