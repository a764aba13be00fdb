"""The worker of the Ray back end: an actor of Ray Tune that runs the jobs of a trial, most often one."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from study.execution.ray_environment import set_environment

set_environment()

import ray  # noqa: E402
from ray import tune  # noqa: E402
from ray.actor import exit_actor  # noqa: E402

from study.execution.driver_storage import storage_of  # noqa: E402
from study.execution.heartbeat import Heartbeats  # noqa: E402
from study.execution.heartbeat_relay import HeartbeatRelay  # noqa: E402
from study.execution.joining import refusal_here  # noqa: E402
from study.execution.leave_notice import LeaveNotice  # noqa: E402
from study.execution.node_facts import NodeFacts  # noqa: E402
from study.execution.shipment import unpack_entries  # noqa: E402
from study.jobs.job import Data, Job, Summary  # noqa: E402

SHORTEST_WAIT, LONGEST_WAIT = 0.05, 1.0
"""Seconds between two signs of a trial that waits: at first, and after a while."""


class Worker(tune.Trainable):
    """Runs the jobs of a trial, and is used again for the next one; without any it waits for its trial to end."""

    def setup(  # pyright: ignore[reportIncompatibleMethodOverride] - tune.with_parameters adds the rest
        self,
        config: dict[str, Any],
        data: Data,
        directory: Path,
        heartbeats: Heartbeats,
        device: str,
        server: Any,
        expected: NodeFacts | None = None,
    ) -> None:
        """Store what all jobs share, compare this machine with the driver's, and import what is slow to import.

        Args:
            config: of the first trial.
            data: what the cluster's workers see.
            directory: the run directory.
            heartbeats: those of the driver; its ``node`` is the driver's machine.
            device: type of the device to train on.
            server: actor on the driver's machine; ``None`` where all workers are on it.
            expected: what this machine has to have; ``None``: it is the driver's.
        """
        unpack_entries()
        self.refusal = refusal_here(expected)
        import torch

        import study.jobs.score
        import study.jobs.train  # noqa: F401 - so that the first job finds it

        torch.set_num_threads(1)
        self.data, self.directory, self.server = replace(data, device=device), directory, server
        self.heartbeats = replace(heartbeats, node=this_node())
        self.is_far = server is not None and heartbeats.node != self.heartbeats.node
        self.waited = self.ended = 0
        self.notice = LeaveNotice(self.heartbeats.node)
        self.notice.listen()

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Prepare for another job, which Tune has put into ``self.config``; ``True``: the worker can be reused."""
        self.waited = self.ended = 0
        return True

    def step(self) -> dict[str, Any]:
        """Run the next job, or wait up to a second where there is none; a worker that must leave ends its process.

        For Tune that is the death of a worker, which is not used again; so the job is tried elsewhere.
        """
        if not self.config["jobs"]:
            if self.notice.has_come():
                exit_actor()
            self.waited += 1
            time.sleep(min(SHORTEST_WAIT * self.waited, LONGEST_WAIT))
            return {"done": False}
        summary = self._summary(*self.config["jobs"][self.ended])
        if summary.outcome == "left":
            exit_actor()
        self.ended += 1
        return {"done": self.ended == len(self.config["jobs"]), "summary": summary}

    def _summary(self, job: Job, attempts: int) -> Summary:
        if self.refusal:
            return Summary("stuck", self.refusal)
        storage = storage_of(self.directory, self.config["lock"], self.server)
        if storage is None:
            return Summary("stuck", f"{socket.gethostname()} does not see the run directory")
        with (
            self.notice.at_work(),
            self._heartbeats() as heartbeats,
            heartbeats.of(job, attempts, self.notice.has_come) as heartbeat,
        ):
            return job.run(self.data, storage, heartbeat)

    @contextmanager
    def _heartbeats(self) -> Iterator[Heartbeats]:
        """Yield the heartbeats as they are written here: to the driver's folder, or to one of our own, and sent."""
        if not self.is_far:
            yield self.heartbeats
            return
        with tempfile.TemporaryDirectory(prefix="mtl-study-beats-") as folder:
            yield replace(self.heartbeats, folder=Path(folder), send=HeartbeatRelay(self.server))


def this_node() -> str:
    """Return the identity of this machine in the cluster."""
    return ray.get_runtime_context().get_node_id()
