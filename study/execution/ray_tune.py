"""Jobs as Ray Tune trials: one Tuner over all jobs, workers that are reused, and no state in Ray that matters.

Tune asks :class:`JobSearcher` for trials and the scheduler answers, so halving, phases and resuming are the same as
in :mod:`study.execution.inline`.  Results come back as files of the run directory; Tune's own files are scratch and are
never read.  A worker that dies ends its trial; the scheduler hands the job out again, from its last snapshot on.
"""

from __future__ import annotations

import logging
import math
import signal
import socket
import tempfile
import threading
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from study.execution.ray_environment import set_environment

set_environment()

import ray  # noqa: E402
from ray import tune  # noqa: E402
from ray.tune.search import Searcher  # noqa: E402

from mtl_core.errors import UserError  # noqa: E402
from mtl_core.training.device import chosen_device  # noqa: E402
from study.execution.driver_storage import start_server, storage_of  # noqa: E402
from study.execution.heartbeat import Heartbeats  # noqa: E402
from study.execution.scheduler import DONE, Scheduler  # noqa: E402
from study.jobs.job import Data, Job, Summary, describe  # noqa: E402
from study.store.ledger import LOCK  # noqa: E402
from study.store.storage import LocalStorage  # noqa: E402

MAX_IDLE_FITS = 3
"""Tuner runs in a row that may break off without a single job ended."""

START_SECONDS = 60.0
"""How long jobs wait for workers that are starting up; then those that are there begin."""

SHORTEST_WAIT, LONGEST_WAIT = 0.05, 1.0
"""Seconds between two signs of a trial that waits: at first, and after a while."""

CONNECT_SECONDS = 20.0
"""How long a cluster's address may take to answer."""

OBJECT_STORE_BYTES = 128 * 2**20

MOST_ON_A_CARD = 4
"""Workers that share a GPU where the study file says nothing: one shard seldom fills it.  Not measured on a GPU."""


class Worker(tune.Trainable):
    """Runs one job a trial, and is used again for the next one; without a job it waits for its trial to be stopped."""

    def setup(  # pyright: ignore[reportIncompatibleMethodOverride] - tune.with_parameters adds the rest
        self, config: dict[str, Any], data: Data, directory: Path, heartbeats: Heartbeats, device: str, server: Any
    ) -> None:
        """Store what all jobs share, and import what is slow to import."""
        import torch

        import study.jobs.score
        import study.jobs.train  # noqa: F401 - so that the first job finds it

        torch.set_num_threads(1)
        self.data, self.directory, self.heartbeats = replace(data, device=device), directory, heartbeats
        self.server = server
        self.waited = 0

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Prepare for another job, which Tune has put into ``self.config``; ``True``: the worker can be reused."""
        self.waited = 0
        return True

    def step(self) -> dict[str, Any]:
        """Run the job, or wait up to a second where there is none."""
        if self.config["job"] is None:
            self.waited += 1
            time.sleep(min(SHORTEST_WAIT * self.waited, LONGEST_WAIT))
            return {"done": False}
        return {"done": True, "summary": self._summary()}

    def _summary(self) -> Summary:
        storage = storage_of(self.directory, self.config["lock"], self.server)
        if storage is None:
            return Summary("stuck", f"{socket.gethostname()} does not see the run directory")
        job, attempts = self.config["job"], self.config["attempts"]
        if isinstance(storage, LocalStorage):
            with self.heartbeats.of(job, attempts) as heartbeat:
                return job.run(self.data, storage, heartbeat)
        with (  # the driver's folder for heartbeats is as far away as the run directory
            tempfile.TemporaryDirectory(prefix="mtl-study-beats-") as folder,
            replace(self.heartbeats, folder=Path(folder)).of(job, attempts) as heartbeat,
        ):
            return job.run(self.data, storage, heartbeat)


class JobSearcher(Searcher):
    """Gives the scheduler's jobs to Tune as trials, and Tune's results to the scheduler.

    Tune keeps a worker only while a trial waits for one, and cancels a worker that is starting up when another trial
    ends first.  With jobs shorter than the start of a worker the study would go on with one worker for ever.  So there
    are always as many trials as workers: where there is no job, and until all workers are up, a trial waits.

    An error of the scheduler must not drown in Tune's handling of a trial's errors: it is kept, ends the run, and is
    raised by the back end.

    Args:
        scheduler: what is to do.
        heartbeats: say where a worker hung that was ended for it.
        workers: trials at once.
    """

    def __init__(self, scheduler: Scheduler, heartbeats: Heartbeats, workers: int) -> None:
        super().__init__()
        self.scheduler, self.heartbeats, self.workers = scheduler, heartbeats, workers
        self.lock = (scheduler.archive.directory / LOCK).read_text()
        self.jobs: dict[str, Job] = {}
        self.waiting: dict[str, bool] = {}
        self.error: Exception | None = None
        self.num_ended = 0
        self._gathering_until: float | None = time.monotonic() + START_SECONDS

    def __getstate__(self) -> dict[str, Any]:
        """Return an empty state: Tune pickles its searchers, and this one's state is the records."""
        return {}

    def suggest(self, trial_id: str) -> Any:
        """Return the next job as a trial's configuration, or the configuration of a trial that waits."""
        if self.error is not None or self.scheduler.over:
            return Searcher.FINISHED
        try:
            job = None if self.gathering() else self.scheduler.next()
        except Exception as error:
            self.error = error
            return Searcher.FINISHED
        if job is DONE:
            return Searcher.FINISHED
        if job is None:
            self.waiting[trial_id] = False
            return {"job": None}
        self.jobs[trial_id] = job
        return {"job": job, "attempts": self.scheduler.attempts(job), "lock": self.lock}

    def gathering(self) -> bool:
        """Return whether workers are still starting up."""
        if self._gathering_until is None:
            return False
        up = len(self.jobs) + sum(self.waiting.values())
        if up >= self.workers or time.monotonic() > self._gathering_until:
            self._gathering_until = None
        return self._gathering_until is not None

    def may_end(self, trial_id: str) -> bool:
        """Return whether a trial that waits may end."""
        if trial_id not in self.waiting:
            return False
        self.waiting[trial_id] = True
        return not self.gathering() and bool(self.scheduler.ready or self.scheduler.over or self.error)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell the scheduler how the job of a trial ended."""
        if error:
            self._gathering_until = time.monotonic() + START_SECONDS
        if self.waiting.pop(trial_id, None) is not None:
            return
        job = self.jobs.pop(trial_id)
        summary = (result or {}).get("summary")
        if error or summary is None:
            reason = (
                self.heartbeats.last_words(job.name) or "the worker process died (killed, out of memory, or crashed)"
            )
            summary = Summary("died", reason)
        else:
            self.num_ended += 1
        try:
            self.scheduler.finished(job, summary)
        except Exception as problem:
            self.error = problem

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Do nothing: a job has one result, its last."""

    def save_to_dir(self, checkpoint_dir: str, session_str: str = "default") -> None:
        """Do nothing: the searcher's state is the records."""


class EndOfWaiting(tune.Stopper):
    """Ends trials that wait once there is something to do, and the run as soon as the searcher holds an error."""

    def __init__(self, searcher: JobSearcher) -> None:
        self.searcher = searcher

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Return whether the trial may end."""
        return self.searcher.may_end(trial_id)

    def stop_all(self) -> bool:
        """Return whether the searcher holds an error."""
        return self.searcher.error is not None


def _refuse_a_silent_address(address: str) -> None:
    """Refuse the address of a cluster at which nobody listens, which Ray itself would wait for during minutes.

    Raises:
        UserError: when no connection to ``host:port`` can be made; other forms (``auto``, ``ray://``) are left to Ray.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        found = f"nobody answers there ({describe(error)})."
        raise UserError(f"--address {address}", found, "Check that the cluster runs, and its address.") from error


def _num_gpus() -> int:
    return int(ray.cluster_resources().get("GPU", 0))


class RayTune:
    """The back end on Ray, on this machine or on a cluster.

    Args:
        scratch: for Ray's own files; outside the run directory.
        address: address of a running cluster; ``None`` starts Ray here.
        workers: jobs at once; by default one per core of the cluster, and on GPUs :data:`MOST_ON_A_CARD` per card.
        device: ``auto``, ``cpu`` or ``cuda``; each worker takes the GPU that Ray assigns to it.
    """

    def __init__(self, scratch: Path, *, address: str | None, workers: int | None, device: str = "cpu") -> None:
        self.scratch, self.address = scratch, address
        self.workers = workers or 1
        self._num_workers, self._asked, self.device = workers, device, "cpu"
        self._runs = 0
        self._server: Any = None
        self.heartbeats = Heartbeats(scratch / "beats")

    def run(self, scheduler: Scheduler, data: Data) -> None:
        """Run every job of ``scheduler`` on ``data``: Tuner after Tuner over what is missing, until nothing is.

        Raises:
            UserError: when the scheduler stops the study, or several Tuners in a row end no job.
        """
        idle_fits = 0
        while not scheduler.over:
            self.begin(data)
            searcher = JobSearcher(scheduler, self.heartbeats, self.workers)
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

    def close(self) -> None:
        """Shut Ray down, with all its processes."""
        self._server = None
        if ray.is_initialized():
            ray.shutdown()

    def _fit(self, searcher: JobSearcher, data: Data) -> str:
        """Run one Tuner; return the error that it broke off with, or an empty text."""
        self._runs += 1
        parameters = {"data": data, "directory": searcher.scheduler.archive.directory, "heartbeats": self.heartbeats}
        parameters["device"] = self.device
        parameters["server"] = self._server = self._storage_server(searcher.scheduler.archive.directory)
        trainable = tune.with_resources(tune.with_parameters(Worker, **parameters), self._resources())
        tuner = tune.Tuner(
            trainable,
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                num_samples=-1,
                max_concurrent_trials=self.workers,
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
                callbacks=[],
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
        return self._server or (None if self.address is None else start_server(directory))

    def _resources(self) -> dict[str, float]:
        if self.device == "cpu":
            return {"cpu": 1}
        on_a_card = max(1, math.ceil(self.workers / _num_gpus()))
        return {"cpu": 1, "gpu": 1 / on_a_card}

    def _device_of_cluster(self) -> str:
        """``auto`` takes the cluster's GPUs, those of this machine only where torch can use them."""
        if self._asked == "cpu":
            return "cpu"
        if _num_gpus() and (self._asked == "cuda" or self.address is not None or chosen_device("auto").type == "cuda"):
            return "cuda"
        if self._asked == "cuda":
            remedy = "Choose cpu or auto, or add a machine with a GPU to the cluster."
            raise UserError("device: cuda", "the Ray cluster has no GPU.", remedy)
        return "cpu"

    def _start(self, data: Data) -> None:
        if ray.is_initialized():
            return
        for name in ("ray", "ray.tune"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        before = signal.getsignal(signal.SIGTERM)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Ray's, about settings that are not ours
            self._init(data)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)  # Ray put its own there
        self.device = self._device_of_cluster()
        cores = max(int(ray.cluster_resources().get("CPU", 1)), 1)
        most = cores if self.device == "cpu" else min(cores, MOST_ON_A_CARD * _num_gpus())
        self.workers = self._num_workers or most

    def _init(self, data: Data) -> None:
        quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL}
        if self.address is not None:
            _refuse_a_silent_address(self.address)
            try:
                ray.init(address=self.address, runtime_env={"env_vars": {"OMP_NUM_THREADS": "1"}}, **quiet)
            except (ConnectionError, RuntimeError, ValueError) as error:
                raise UserError(f"--address {self.address}", describe(error), "Check that the cluster runs.") from error
            return
        examples = data.development.examples
        size = examples.inputs.numel() * 4 + examples.targets.numel() * 4
        ray.init(
            address="local",
            num_cpus=self._num_workers,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES + 4 * size,
            _temp_dir=str(self.scratch / "ray"),
            **quiet,
        )
