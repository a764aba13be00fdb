"""A study from its first phase to its report: begun, or resumed where it was left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mtl_core import ENGINE_VERSION
from mtl_core.data.task_set import TaskSet
from study.config.durations import duration
from study.config.load import read_spec
from study.config.spec import Spec
from study.config.suite import SuitePosition
from study.driver.another_study import refuse_another
from study.driver.backend_choice import RunOptions, choose_backend, choose_scorer
from study.driver.call_arguments import refuse_unfit
from study.driver.card_packing import lower, pack
from study.driver.changed_settings import refuse_unsound_changes, take_over_changes
from study.driver.dataset import DataInMemory, kept_in_memory, prepare_kept, prepare_with_data
from study.driver.devices import note_device, refuse_a_missing_gpu
from study.driver.endings import saying_how_it_ends, stoppable
from study.driver.frame import Frame, spec_of_frame, unwritten_where_refused
from study.driver.manifest import refuse_changed_code, refuse_something_else, write_description
from study.driver.places import at_work
from study.driver.watching.counts import count, event_of_work, planned_work
from study.driver.watching.known_work import with_added, with_known
from study.driver.watching.screens import watch_of
from study.execution.cluster_token import refuse_unprotected
from study.execution.forecast_length import ForecastLength
from study.execution.scheduler import Scheduler, Steps
from study.jobs.job import Data
from study.planning.pilot import enough_epochs
from study.planning.prepare import Prepared, prepare_run, with_epochs, with_trees
from study.planning.task_trees import ensure_trees
from study.protocol.context import StudyContext
from study.protocol.pipeline import stages
from study.protocol.select import clear_checkpoints
from study.store.archive import Archive
from study.store.ledger import Ledger
from study.store.links import refuse_links
from study.store.scratch import scratch_of

Phases = Callable[[StudyContext, TaskSet], Iterator[tuple[Steps, Data]]]
"""What is to be done of a study: steps, and the data that they may see."""


def run(
    spec: Spec | Mapping[str, Any] | None = None,
    *,
    out: str | Path | None = None,
    data: Frame | DataInMemory | None = None,
    backend: str | None = None,
    address: str | None = None,
    workers: int | None = None,
    screen: str | None = None,
    position: SuitePosition | None = None,
    device: str | None = None,
    mix_devices: bool = False,
    insecure: bool = False,
    log_file: str | Path | None = None,
    metrics_file: str | Path | None = None,
) -> Path:
    """Train what is missing of ``spec`` in ``out``, score it, and return the run directory, which is on this machine.

    Args:
        spec: the study; with ``data`` also some sections of a study file, as in ``{"factors": {"width": [16, 64]}}``,
            or nothing for all defaults.
        out: the run directory, or an address in an object store, as in ``"s3://bucket/prefix"``; a study that was
            begun there is resumed.  ``None``: ``runs/`` and the study's name.
        data: a table in memory, see :func:`study.frame`, or a torch data set, see :func:`study.dataset`, which takes
            the place of the study's own task set.
        backend: ``auto``, ``inline`` or ``ray``; ``None``: what the study says.
        address: address of a running Ray cluster; implies ``ray``.
        workers: processes; ``None``: as many as the study says, or else one per core.
        screen: ``auto`` (live on a terminal, a line now and then elsewhere), ``json``, or ``None``: silent.
        position: which study of a suite this is, if it is one.
        device: ``auto``, ``cpu`` or ``cuda``: what replicas train on; ``None``: what the study says.
        mix_devices: whether a study that was begun on another device may go on with this one; its records say so.
        insecure: whether the cluster may be joined without a token; the manifest says so.
        log_file: file to which a line on the progress is appended now and then, each with the time.
        metrics_file: file that holds the progress for Prometheus.

    Raises:
        UserError: when ``out`` holds another study or is in use, data are unfit, or most replicas fail.
        KeyboardInterrupt: SIGINT or SIGTERM came; what is recorded is kept.
    """
    refuse_unfit("study.run", spec, data)
    with at_work(out or Path("runs") / _name(spec, data)) as place:
        with unwritten_where_refused(place.directory):
            prepared = _prepared(spec, data, place.directory, screen, device=device, address=address)
            options = RunOptions.of_study(
                spec
                if isinstance(spec, Spec)
                else prepared.plan.spec,  # a budget may have replaced it by the begun one
                backend=backend,
                address=address,
                workers=workers,
                screen=screen,
                position=position,
                device=device,
                mix_devices=mix_devices,
                insecure=insecure,
                log_file=log_file,
                metrics_file=metrics_file,
                keep=place.keep,
                told=place.told,
            )
        return run_prepared(prepared, out=place.directory, options=options)


def _name(spec: Spec | Mapping[str, Any] | None, data: Frame | DataInMemory | None) -> str:
    """The name that the study will have; whether it can name anything is checked with the rest of the study."""
    if isinstance(spec, Spec):
        return spec.name
    return str((spec or {}).get("name") or (data.name if data is not None else ""))


def _prepared(
    spec: Spec | Mapping[str, Any] | None,
    data: Frame | DataInMemory | None,
    out: Path,
    screen: str | None,
    **where: Any,
) -> Prepared:
    if isinstance(data, DataInMemory):
        return prepare_kept(kept_in_memory(data, spec, out, screen=screen), out, where)
    if data is not None:
        return prepare_run(spec_of_frame(data, spec, out), out.absolute(), **where)
    assert isinstance(spec, Spec)
    return prepare_with_data(spec, out, screen, where)


def run_prepared(
    prepared: Prepared, *, out: Path, options: RunOptions, phases: Phases = stages, added: float = 0.0
) -> Path:
    """Run a study that :func:`study.planning.prepare.prepare_run` has prepared for ``out``, as :func:`run` does.

    Args:
        prepared: the study.
        out: the run directory.
        options: how to run it.
        phases: what is to be done, in order; by default all phases of a study.
        added: verdict seeds that are added to a finished study, as a multiple of those that it has.
    """
    told, out = str(out), Path(out).absolute()
    refuse_unprotected(options.address, options.insecure)
    refuse_a_missing_gpu(options.device, options.address, prepared.plan.spec.training.precision)
    fingerprint = prepared.task_set.fingerprint()
    begun = (out / "study.yaml").is_file()
    if begun:
        stored = read_spec(out / "study.yaml")
        refuse_another(out, prepared.plan.spec, stored, fingerprint)
        refuse_unsound_changes(out, prepared.plan.spec, stored)
        refuse_changed_code(out, prepared)
    elif out.is_dir():
        refuse_something_else(out)
    out.mkdir(parents=True, exist_ok=True)
    refuse_links(out)
    with Ledger(out, options.keep) as ledger, stoppable(), scratch_of(out) as scratch, saying_how_it_ends(ledger):
        if begun:
            take_over_changes(out, prepared.plan.spec, silent=options.screen is None)
        else:
            prepared = _with_enough_epochs(prepared, ledger, options.screen)
            named = {"told": options.told or told, "command": options.command}
            write_description(out, prepared, fingerprint, options.position, insecure=options.insecure, **named)
        _run_phases(out, prepared, fingerprint, ledger, scratch, options, phases, added)
    return out


def _run_phases(
    out: Path,
    prepared: Prepared,
    fingerprint: str,
    ledger: Ledger,
    scratch: Path,
    options: RunOptions,
    phases: Phases,
    added: float,
) -> None:
    if prepared.plan.stand_ins:
        prepared = _with_trees(prepared, ledger, options.screen)
    archive = Archive(out)
    forget_failures(archive, ledger)
    packed = pack(trainer := choose_backend(options, prepared, scratch), prepared, ledger, options)
    prepared, cards = packed.prepared, packed.cards
    work, entries = planned_work(prepared.plan, prepared.forecast), archive.entries.values()
    work = with_added(work, ledger.events, entries, added) if added else with_known(work, ledger.events)
    facts = {"forecast": prepared.forecast.event(), "fingerprint": fingerprint, "engine_version": ENGINE_VERSION}
    facts |= {} if options.began is None else {"before": round(time.monotonic() - options.began, 3)}
    facts |= {"work": event_of_work(work), "share": count(work, entries).share}
    ledger.append("planned", **prepared.plan.event(), **facts)
    for part in archive.damaged:
        ledger.append("damaged", part=part)
    packed.tell(ledger)
    context = StudyContext(prepared.plan, archive, ledger, prepared.task_set.development, fingerprint, out, cards)
    scorer, length = choose_scorer(trainer, prepared, scratch), ForecastLength(prepared)
    watch = watch_of(options, prepared, archive, trainer, scratch, work)
    try:
        for steps, data in phases(context, prepared.task_set):
            scheduler = Scheduler(steps, archive, ledger, length, partial(lower, cards))
            watch.monitor.backend = backend = trainer if data.test is None else scorer
            if not scheduler.over:
                with watch.showing(scheduler):  # the start of Ray may take most of a minute, too
                    if data.test is None:
                        device = backend.begin(data)
                        asked = {"mix": options.mix_devices, "precision": prepared.plan.spec.training.precision}
                        note_device(device, archive, ledger, share=backend.share, **asked)
                    backend.run(scheduler, data)
    finally:
        trainer.close()
    clear_checkpoints(context)


def _with_trees(prepared: Prepared, ledger: Ledger, screen: str | None) -> Prepared:
    """Find the trees that affinity decides, before anything that depends on them."""
    plan = prepared.plan
    if screen not in (None, "json"):
        levels = ", ".join(map(str, plan.stand_ins))
        about = duration(max(1.0, prepared.forecast.trees))
        print(f"tree: from affinity, for stages: {levels}; about {about}", file=sys.stderr, flush=True)
    return with_trees(prepared, ensure_trees(plan.spec, prepared.task_set.development, ledger))


def _with_enough_epochs(prepared: Prepared, ledger: Ledger, screen: str | None) -> Prepared:
    """Find out how many epochs the networks need, where the study leaves it to the data, before it is written down."""
    plan = prepared.plan
    if not plan.pilot:
        return prepared
    if screen not in (None, "json"):
        about = duration(max(1.0, prepared.forecast.pilot))
        print(f"pilot: do {plan.spec.training.epochs:,} epochs suffice?  about {about}", file=sys.stderr, flush=True)
    return with_epochs(prepared, enough_epochs(plan, prepared.task_set.development, ledger))


def forget_failures(archive: Archive, ledger: Ledger) -> None:
    """Forget failed replicas of the unsettled phase where most had failed, so that they are trained again."""
    session = max((place for place, event in enumerate(ledger.events) if event["event"] == "planned"), default=0)
    if not any(event["event"] == "stopped" for event in ledger.events[session:]):
        return
    settled = {"search"} if ledger.frozen("draws") is not None else set()
    settled |= {"confirm"} if ledger.frozen("arm") is not None else set()
    table = {key: entry for key, entry in archive.entries.items() if entry.phase not in settled}
    arms = {entry.arm for entry in table.values() if entry.status == "failed"}
    ledger.append("retrying", arms=sorted(arms))
    ended = (entry for entry in table.values() if entry.arm in arms and entry.status in ("failed", "stopped"))
    archive.forget({entry.part for entry in ended})
