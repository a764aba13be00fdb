"""Which back end runs a study: this process, or Ray where more workers save more than its start costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.errors import UserError
from study.config.given_settings import with_given
from study.config.spec import Spec
from study.config.suite import SuitePosition
from study.execution.backend import Backend
from study.execution.heartbeat import Heartbeats
from study.execution.inline import Inline
from study.planning.machine_limits import num_cores
from study.planning.phase_times import workers_of
from study.planning.prepare import Prepared

SCORING_PAYS_SECONDS = 20.0
"""Below this the test split is scored in the driver: new workers, which may see it, take some seconds to start."""
SCREENS = ("auto", "json", None)


@dataclass(frozen=True)
class RunOptions:
    """How a study is to run; none of it changes a result, but for the last bits of another device.

    Args:
        backend: ``auto``, ``inline`` or ``ray``.
        address: address of a running Ray cluster; implies ``ray``.
        workers: processes; one per core by default.
        screen: ``auto`` (live on a terminal, a line now and then elsewhere), ``json``, or ``None``: silent.
        position: which study of a suite this is, if it is one.
        device: ``auto``, ``cpu`` or ``cuda``: what replicas train on.
        mix_devices: whether a study that was begun on another device may go on with this one.
        insecure: whether the cluster may be joined without a token.
        log_file: file to which the progress is appended, line by line, beside what the screen shows.
        began: reading of ``time.monotonic`` when the command began; ``None``: not known.
        metrics_file: file that holds the progress for Prometheus, see :mod:`study.driver.watching.metrics_file`.
        keep: what keeps the run directory in an object store, see :mod:`study.store.remote`; the ledger calls it.
        told: the run directory, or its address, as the user named it; ``None``: as it is given to the run.
        command: the command line that runs the study; ``None``: a call from Python.
    """

    backend: str = "auto"
    address: str | None = None
    workers: int | None = None
    screen: str | None = None
    position: SuitePosition | None = None
    device: str = "auto"
    mix_devices: bool = False
    insecure: bool = False
    log_file: Path | None = None
    metrics_file: Path | None = None
    began: float | None = None
    keep: Callable[[str], None] | None = None
    told: str | None = None
    command: tuple[str, ...] | None = None

    @classmethod
    def of_study(
        cls,
        spec: Spec,
        *,
        backend: str | None = None,
        workers: int | None = None,
        device: str | None = None,
        **others: Any,
    ) -> RunOptions:
        """Return options of which ``backend``, ``workers`` and ``device`` are what the study says, where not given.

        Files may be named by text.

        Raises:
            UserError: when a value is none that the study file could have.
        """
        if (screen := others.get("screen")) not in SCREENS:
            raise UserError(f"screen={screen!r}", "there is no such screen.", "Give 'auto', 'json' or None.")
        given = {"backend": backend, "workers": workers, "device": device}
        spec = with_given(spec, given, lambda key, value: f"{key}={value!r}")
        others |= {name: Path(others[name]) for name in ("log_file", "metrics_file") if others.get(name) is not None}
        return cls(spec.backend, workers=spec.workers, device=spec.device, **others)


def choose_backend(options: RunOptions, prepared: Prepared, scratch: Path) -> Backend:
    """Return the back end that the options name; ``auto`` weighs what more workers save against the start of Ray."""
    workers = options.workers or (None if options.address else num_cores())
    more = _train_at_once(options, prepared, workers or 2) > 1
    if not more and options.backend != "ray" and options.address is None:
        return Inline(Heartbeats(scratch / "beats", to_terminal=True), options.device)
    from study.execution.ray_tune import RayTune

    cluster = {"address": options.address, "insecure": options.insecure, "settings": prepared.plan.spec.plain()}
    return RayTune(scratch, workers=workers, device=options.device, **cluster)


def _train_at_once(options: RunOptions, prepared: Prepared, workers: int) -> int:
    """How many shards would train at once on this machine."""
    if prepared.cards is None:
        return workers_of(options.backend, workers, prepared.forecast.work)
    return prepared.forecaster(workers).times(prepared.plan, options.backend).workers


def choose_scorer(trainer: Backend, prepared: Prepared, scratch: Path) -> Backend:
    """Return the back end that scores: ``trainer``, or this process where scoring takes less than to start workers.

    The trainer stays up meanwhile, since training may go on: a cluster that has to start again costs seconds each time.
    """
    if prepared.forecast.score >= SCORING_PAYS_SECONDS:
        return trainer
    return Inline(Heartbeats(scratch / "beats", to_terminal=True))
