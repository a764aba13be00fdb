"""Back ends: where jobs run.  A back end asks the scheduler for jobs and tells it how they ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from study.execution.heartbeat import Heartbeats
    from study.execution.scheduler import Scheduler
    from study.jobs.job import Data

T = TypeVar("T")


class CardNotReached(Exception):
    """Work that was to be done on a GPU did not come to an end there."""


@dataclass(frozen=True)
class Machine:
    """A machine that trains: its name, which no other has, and how many workers it holds."""

    name: str
    workers: int


class Backend(Protocol):
    """A back end: this process, or Ray Tune.

    Attributes:
        heartbeats: where running jobs say how far they are.
        device: type of the device that replicas train on, once the back end has begun.
    """

    heartbeats: Heartbeats
    device: str

    @property
    def share(self) -> float:
        """Part of a device that a worker has, once the back end has begun: several may share a GPU."""
        ...

    @property
    def workers(self) -> int:
        """Jobs that run at once, now: machines of a cluster come and go."""
        ...

    @property
    def machines(self) -> Mapping[str, Machine]:
        """The machines that hold workers, by what heartbeats call them; empty where all is on this one."""
        ...

    def begin(self, data: Data) -> str:
        """Start what has to be started for ``data``, and return the type of the device that replicas will train on.

        Raises:
            UserError: when the device that was asked for is not there.
        """
        ...

    def gpus(self, data: Data) -> Mapping[str, int]:
        """Return how many GPUs of each kind will train, by the name of the kind; empty where processors train."""
        ...

    def on_card(self, work: Callable[[], T], data: Data, kind: str) -> T:
        """Return what ``work`` returns on a GPU of ``kind`` that will train.

        Raises:
            CardNotReached: when it does not come to an end there.
        """
        ...

    @property
    def most_on_a_card(self) -> int:
        """Workers that could share a GPU, once the back end has begun on one."""
        ...

    def share_card(self, workers: int) -> None:
        """Let so many workers share a GPU, at most."""
        ...

    def run(self, scheduler: Scheduler, data: Data) -> None:
        """Run every job of ``scheduler`` on ``data``."""
        ...

    def close(self) -> None:
        """End every process that the back end has started."""
        ...
