"""Jobs as Ray Tune trials: one Tuner over all jobs, workers that are reused, and no state in Ray that matters.

Tune asks :class:`study.execution.ray_searcher.JobSearcher` for trials and the scheduler answers, so halving, phases and
resuming are the same as in :mod:`study.execution.inline`.  Results come back as files of the run directory; Tune's own
files are scratch and are never read.  A worker that dies ends its trial; the scheduler hands the job out again, from
its last snapshot on.
"""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from study.execution.ray_environment import set_environment

set_environment()

import ray  # noqa: E402
from ray import tune  # noqa: E402

from mtl_core.errors import UserError  # noqa: E402
from mtl_core.training.device import chosen_device  # noqa: E402
from study.execution import ray_cards  # noqa: E402
from study.execution.backend import Machine, T  # noqa: E402
from study.execution.driver_storage import start_server  # noqa: E402
from study.execution.heartbeat import Heartbeats  # noqa: E402
from study.execution.joining import join  # noqa: E402
from study.execution.local_ray import start_local_ray  # noqa: E402
from study.execution.node_facts import node_facts  # noqa: E402
from study.execution.ray_nodes import Nodes  # noqa: E402
from study.execution.ray_searcher import EndOfWaiting, JobSearcher, Starts  # noqa: E402
from study.execution.ray_worker import Worker, this_node  # noqa: E402
from study.execution.scheduler import Scheduler  # noqa: E402
from study.execution.shipment import runtime_environment  # noqa: E402
from study.jobs.job import Data, describe  # noqa: E402

MAX_IDLE_FITS = 3
"""Tuner runs in a row that may break off without a single job ended."""

MOST_WORKERS = 10_000
"""Trials that Tune may have at once; how many it has, the searcher decides."""


class RayTune:
    """The back end on Ray, on this machine or on a cluster.

    Args:
        scratch: for Ray's own files; outside the run directory.
        address: address of a running cluster; ``None`` starts Ray here.
        workers: jobs at once, at most; by default one per core of the cluster, and on GPUs as many per card as
            :meth:`share_card` says, for as many cards as there are at the time.
        device: ``auto``, ``cpu`` or ``cuda``; each worker takes the GPU that Ray assigns to it.
        insecure: whether a cluster may be joined that asks for no token.
        settings: of the study; the user's modules that they name travel to the workers of a cluster.
    """

    def __init__(
        self,
        scratch: Path,
        *,
        address: str | None,
        workers: int | None,
        device: str = "cpu",
        insecure: bool = False,
        settings: Any = None,
    ) -> None:
        self.scratch, self.address, self.insecure, self.settings = scratch, address, insecure, settings
        self._num_workers, self._asked, self.device = workers, device, "cpu"
        self._on_a_card = 0
        self._sharing: int | None = None
        self._nodes: Nodes | None = None
        self._runs = 0
        self._server: Any = None
        self._joined: dict[str, Any] = {}
        self.heartbeats = Heartbeats(scratch / "beats")

    @property
    def workers(self) -> int:
        """Jobs that run at once, on the machines that are there now."""
        return self._nodes.workers if self._nodes is not None else self._num_workers or 1

    @property
    def machines(self) -> Mapping[str, Machine]:
        """The machines of the cluster that can train."""
        return self._nodes.machines if self._nodes is not None else {}

    def run(self, scheduler: Scheduler, data: Data) -> None:
        """Run every job of ``scheduler`` on ``data``: Tuner after Tuner over what is missing, until nothing is.

        Raises:
            UserError: when the scheduler stops the study, or several Tuners in a row end no job.
        """
        idle_fits = 0
        while not scheduler.over:
            self.begin(data)
            if self._joined:
                scheduler.ledger.append("joined", address=self.address, insecure=self.insecure, nodes=self._joined)
                self._joined = {}
            assert self._nodes is not None
            searcher = JobSearcher(scheduler, self.heartbeats, self._nodes)
            broke_off = self._fit(searcher, data)
            if searcher.error is not None:
                raise searcher.error
            scheduler.abandoned()
            idle_fits = 0 if searcher.num_ended else idle_fits + 1
            if idle_fits >= MAX_IDLE_FITS:
                remedy = (
                    "Look at the machine's memory and disk, or take --set backend=inline; the same command resumes."
                )
                raise UserError("Ray", broke_off or "no worker came to an end.", remedy)
            if broke_off and self.address is None:
                self.close()

    def begin(self, data: Data) -> str:
        """Start Ray or connect to it, and return the type of the device that workers train on.

        Raises:
            UserError: when a GPU is asked for and the cluster has none.
        """
        self._start(data)
        return self.device

    def gpus(self, data: Data) -> Mapping[str, int]:
        """Return how many GPUs of each kind the cluster has; Ray is not started where there can be none."""
        nowhere = self.address is None and self._asked == "auto" and chosen_device("auto").type == "cpu"
        if nowhere or self._asked == "cpu" or self.begin(data) == "cpu":
            return {}
        return ray_cards.kinds_of_cards()

    def on_card(self, work: Callable[[], T], data: Data, kind: str) -> T:
        """Do ``work`` in a process of the cluster that has a GPU of ``kind`` to itself.

        Raises:
            CardNotReached: when the process ends before the work, or no such GPU gets free for minutes.
        """
        self.begin(data)
        return ray_cards.done_on_card(work, kind)

    @property
    def most_on_a_card(self) -> int:
        """Workers that could share a GPU: as many as were asked for, or one per core, up to four."""
        return ray_cards.most_on_a_card(self._num_workers)

    def share_card(self, workers: int) -> None:
        """Let so many workers share a GPU, at most, as shares of Ray's resource; they will train on GPUs."""
        self._sharing, self.device = workers, "cuda"
        if self._nodes is not None:
            self._spread()

    def close(self) -> None:
        """Shut Ray down, with all its processes."""
        self._server = self._nodes = None
        if ray.is_initialized():
            ray.shutdown()

    def _fit(self, searcher: JobSearcher, data: Data) -> str:
        """Run one Tuner; return the error that it broke off with, or an empty text."""
        self._runs += 1
        heartbeats = replace(self.heartbeats, node=this_node())
        parameters = {"data": data, "directory": searcher.scheduler.archive.directory, "heartbeats": heartbeats}
        parameters["device"] = self.device
        parameters["expected"] = None if self.address is None else node_facts()
        parameters["server"] = self._server = self._storage_server(searcher.scheduler.archive.directory)
        trainable = tune.with_resources(tune.with_parameters(Worker, **parameters), self._resources())
        tuner = tune.Tuner(
            trainable,
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                num_samples=-1,
                max_concurrent_trials=MOST_WORKERS,
                reuse_actors=True,
                trial_name_creator=lambda trial: trial.trial_id,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(
                name=f"run{self._runs}",
                storage_path=str(self.scratch / "tune"),
                # The scheduler retries: it doubles the watchdog's patience, cuts the shard, and gives up in the end.
                failure_config=tune.FailureConfig(max_failures=0),
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                stop=EndOfWaiting(searcher),
                callbacks=[Starts(searcher)],
                verbose=0,
            ),
        )
        try:
            tuner.fit()
        except Exception as error:  # Tune breaks off for reasons of its own; what is missing is tried again
            return describe(error)
        return ""

    def _storage_server(self, directory: Path) -> Any:
        """Return the actor that serves workers on other machines; ``None`` where all are on this one."""
        return self._server or (None if self.address is None else start_server(directory, self.heartbeats.folder))

    @property
    def share(self) -> float:
        """See :attr:`study.execution.backend.Backend.share`."""
        return 1.0 if self.device == "cpu" else 1 / self._on_a_card

    def _resources(self) -> dict[str, float]:
        if self.device == "cpu":
            return {"cpu": 1}
        return {"cpu": 1, "gpu": self.share}

    def _start(self, data: Data) -> None:
        if self._nodes is not None:
            return
        for name in ("ray", "ray.tune"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        before = signal.getsignal(signal.SIGTERM)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Ray's, about settings that are not ours
            if not ray.is_initialized():
                self._init(data)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)  # Ray put its own there
        self.device = ray_cards.device_of_cluster(self._asked, is_here=self.address is None)
        self._spread()

    def _spread(self) -> None:
        """Find out how many workers there will be, and how many of them share a GPU."""
        if self.device == "cuda":
            most = self.most_on_a_card
            self._on_a_card = min(most, self._sharing or most)
        self._nodes = Nodes(self._num_workers, self._on_a_card)

    def _init(self, data: Data) -> None:
        if self.address is not None:
            environment = runtime_environment(self.settings, self.scratch)
            self._joined = join(self.address, environment, insecure=self.insecure)
            return
        examples = data.development.examples
        size = examples.inputs.numel() * 4 + examples.targets.numel() * 4
        start_local_ray(self._num_workers, size, self.scratch / "ray")
