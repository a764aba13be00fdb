"""The storage of workers that do not see the run directory: an actor on the driver's machine reads and writes for them.

The actor answers with values and raises nothing, so that the number of an error of the operating system arrives: a full
disk of the driver must stop the study, not fail a replica.  Parts are named by their content and written atomically, so
a write that arrives twice, because its answer was lost, leaves the same file.
"""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.execution.ray_environment import set_environment

set_environment()

import ray  # noqa: E402
from ray.exceptions import GetTimeoutError, RayActorError  # noqa: E402
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: E402

from study.execution.heartbeat_relay import store_heartbeat  # noqa: E402
from study.store.ledger import LOCK  # noqa: E402
from study.store.storage import LocalStorage, Storage  # noqa: E402
from study.store.undelivered import Undelivered  # noqa: E402

HAND_BACK = "MTL_STUDY_HAND_BACK"
"""Environment variable of a machine; ``1``: its workers send files to the driver even if they see the run directory."""

ANSWER_SECONDS = 15.0
TRIES = 3
"""A worker asks so often; together it takes less than the watchdog's patience."""


@dataclass(frozen=True)
class Answer:
    """What became of a request: the content that was asked for, or the error of the driver's operating system."""

    content: bytes | None = None
    number: int | None = None
    message: str = ""


class StorageServer:
    """The actor that serves a run directory to workers on other machines, one request after the other.

    Args:
        directory: the run directory.
        beats: folder of this machine for heartbeats.
    """

    def __init__(self, directory: Path, beats: Path) -> None:
        self.storage, self.beats = LocalStorage(directory), beats

    def read(self, path: str) -> Answer:
        """Return the content of the file at ``path``."""
        return _answer(lambda: self.storage.read(path))

    def write(self, path: str, content: bytes) -> Answer:
        """Write ``content`` to ``path`` durably."""
        return _answer(lambda: self.storage.write(path, content))

    def remove(self, path: str) -> Answer:
        """Remove the file at ``path``."""
        return _answer(lambda: self.storage.remove(path))

    def beat(self, name: str, content: str) -> Answer:
        """Store a heartbeat of the job ``name``."""
        return _answer(lambda: store_heartbeat(self.beats, name, content))


def _answer(work: Any) -> Answer:
    try:
        return Answer(work())
    except OSError as error:
        return Answer(number=error.errno or 0, message=error.strerror or str(error))


def start_server(directory: Path, beats: Path) -> Any:
    """Start the actor on the node of the driver, where alone ``directory``, and ``beats``, are sure to be seen."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    options = {"num_cpus": 0, "max_restarts": -1, "scheduling_strategy": here}
    return ray.remote(StorageServer).options(**options).remote(directory, beats)


@dataclass(frozen=True)
class DriverStorage:
    """The storage of a run directory that only the driver's machine sees.

    Args:
        server: handle of the :class:`StorageServer`.
    """

    server: Any

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at ``path``; ``None`` where there is none."""
        return self._ask("read", path)

    def write(self, path: str, content: bytes) -> None:
        """Write ``content`` to ``path`` in the run directory."""
        self._ask("write", path, content)

    def remove(self, path: str) -> None:
        """Remove the file at ``path``."""
        self._ask("remove", path)

    def _ask(self, verb: str, path: str, *content: bytes) -> bytes | None:
        """Ask the server until it answers.

        Raises:
            OSError: the error that the driver's machine met.
            Undelivered: when it does not answer.
        """
        last: Exception | None = None
        for tried in range(TRIES):
            time.sleep(tried)
            try:
                answer: Answer = ray.get(getattr(self.server, verb).remote(path, *content), timeout=ANSWER_SECONDS)
            except (GetTimeoutError, RayActorError) as error:
                last = error
                continue
            if answer.number is not None:
                raise OSError(answer.number, f"{answer.message}, on the driver's machine", path)
            return answer.content
        kind = type(last).__name__
        raise Undelivered(f"{socket.gethostname()} could not {verb} {path} on the driver's machine ({kind})") from last


def storage_of(directory: Path, lock: str, server: Any) -> Storage | None:
    """Return the storage for a worker: the run directory where it is seen, else the driver's; ``None``: there is none.

    Args:
        directory: path of the run directory on the driver's machine.
        lock: what the driver's lock file says; a directory with another lock is another one.
        server: handle of the :class:`StorageServer`, if there is one.
    """
    if server is not None and os.environ.get(HAND_BACK) == "1":
        return DriverStorage(server)
    try:
        seen = (directory / LOCK).read_text() == lock
    except OSError:
        seen = False
    return LocalStorage(directory) if seen else DriverStorage(server) if server is not None else None
