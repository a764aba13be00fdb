"""A study from its first phase to its report: begun, or resumed where it was left."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from mtl_core import ENGINE_VERSION
from mtl_core.data.task_set import TaskSet
from mtl_core.mistakes import Mistake
from study.archive import Archive
from study.backends import Backend
from study.backends.inline import Inline
from study.durations import duration
from study.files import write_durably
from study.flow import Flow, Steps
from study.heartbeat import Heartbeats
from study.ledger import NAME as LEDGER
from study.ledger import Ledger
from study.phases.confirm import choose, confirm
from study.phases.desk import Desk
from study.phases.score import score
from study.phases.search import search
from study.phases.select import clear_checkpoints, select
from study.phases.verdict import judge, verdict
from study.prepare import Prepared, num_cores, prepare, with_trees
from study.scratch import scratch_of
from study.screens import screen_for
from study.shards import Data
from study.spec import Spec
from study.study_file import as_text, read_spec
from study.suite import Part
from study.trees import settle

PACKAGES = ("mtl-study", "torch", "ray", "optuna", "pandas", "pyarrow", "numpy", "scipy")
RAY_PAYS_SECONDS = 60.0
"""``auto`` takes Ray when the forecast says that one worker alone would need longer than this."""

SCORING_PAYS_SECONDS = 20.0
"""Below this the test split is scored in the driver: new workers, which may see it, take some seconds to start."""


def run(
    spec: Spec,
    *,
    out: Path,
    backend: str = "auto",
    address: str | None = None,
    workers: int | None = None,
    screen: str | None = None,
    part: Part | None = None,
) -> Path:
    """Train what is missing of ``spec`` in ``out``, score it, and return the run directory.

    Args:
        spec: the study.
        out: the run directory; a study that was begun there is resumed.
        backend: ``auto``, ``inline`` or ``ray``.
        address: of a running Ray cluster; implies ``ray``.
        workers: processes; one per core by default.
        screen: ``auto`` (live on a terminal, a line now and then elsewhere), ``json``, or ``None``: silent.
        part: which study of a suite this is, if it is one.

    Raises:
        Mistake: when ``out`` holds another study or is in use, data are unfit, or most replicas fail.
        KeyboardInterrupt: SIGINT or SIGTERM came; what is recorded is kept.
    """
    out = Path(out).absolute()
    stored = read_spec(out / "study.yaml") if (out / "study.yaml").is_file() else None
    prepared = prepare(spec, out=out, stored=stored)
    fingerprint = prepared.task_set.fingerprint()
    if stored is not None:
        refuse_another(out, prepared.plan.spec, stored, fingerprint)
    elif out.is_dir() and any(not _begun(path.name) for path in out.iterdir()):
        raise Mistake(str(out), "this directory holds something else.", "Choose a new --out.")
    out.mkdir(parents=True, exist_ok=True)
    with Ledger(out) as ledger, _stoppable(), scratch_of(out) as scratch:
        if stored is None:
            write_description(out, prepared, fingerprint, part)
        _run_phases(out, prepared, fingerprint, ledger, scratch, _Asked(backend, address, workers, screen, part))
    return out


def _begun(name: str) -> bool:
    """Whether a driver that was killed before it could describe its study may have left ``name``."""
    return name.startswith(".") or name in (LEDGER, "manifest.json", "tasks.json")


@dataclass(frozen=True)
class _Asked:
    """How the study is to run; none of it changes a result."""

    backend: str
    address: str | None
    workers: int | None
    screen: str | None
    part: Part | None


def _run_phases(out: Path, prepared: Prepared, fingerprint: str, ledger: Ledger, scratch: Path, asked: _Asked) -> None:
    if prepared.plan.stand_ins:
        prepared = _with_trees(prepared, ledger, asked.screen)
    archive = Archive(out)
    forget_hopeless(archive, ledger)
    facts = {"forecast": prepared.forecast.event(), "fingerprint": fingerprint, "engine_version": ENGINE_VERSION}
    ledger.append("planned", **prepared.plan.event(), **facts)
    for part in archive.damaged:
        ledger.append("damaged", part=part)
    desk = Desk(prepared.plan, archive, ledger, prepared.task_set.development, fingerprint, out)
    backend = choose_backend(asked, prepared, scratch)
    screen = screen_for(asked.screen, prepared, archive, backend, asked.part)
    try:
        for steps, data in _stages(desk, prepared.task_set):
            flow = Flow(steps, archive, ledger)
            if data.test is not None and scoring_seconds(prepared) < SCORING_PAYS_SECONDS:
                backend.close()
                backend = Inline(Heartbeats(scratch / "beats", aloud=True))
            with screen.showing(flow):
                backend.run(flow, data)
    finally:
        backend.close()
    clear_checkpoints(desk)


def _with_trees(prepared: Prepared, ledger: Ledger, screen: str | None) -> Prepared:
    """Find the trees that the study wants found, before anything that depends on them."""
    plan = prepared.plan
    if screen not in (None, "json"):
        levels = ", ".join(map(str, plan.stand_ins))
        about = duration(max(1.0, prepared.forecast.trees))
        print(f"tree: from affinity, for stages: {levels}; about {about}", file=sys.stderr, flush=True)
    return with_trees(prepared, settle(plan.spec, prepared.task_set.development, ledger))


def scoring_seconds(prepared: Prepared) -> float:
    """What scoring takes one worker: a forward pass over the test split, against all the epochs of training."""
    spec, task_set = prepared.plan.spec, prepared.task_set
    training = (prepared.forecast.confirm + prepared.forecast.verdict) * (spec.workers or num_cores())
    return training * len(task_set.test) / (3 * spec.training.epochs * len(task_set.development.examples))


def _stages(desk: Desk, task_set: TaskSet) -> Iterator[tuple[Steps, Data]]:
    """What trains, without the test split; then what scores, with it."""
    yield _training(desk), Data(task_set.development)
    yield score(desk), Data(task_set.development, task_set.test)


def _training(desk: Desk) -> Steps:
    yield from search(desk)
    selected = select(desk)
    labels = yield from confirm(desk, selected)
    chosen = choose(desk, labels)
    judged = yield from judge(desk, chosen["arm"], selected)
    yield from verdict(desk, judged)


def choose_backend(asked: _Asked, prepared: Prepared, scratch: Path) -> Backend:
    """The back end that was asked for; ``auto`` weighs what more workers save against the start of Ray."""
    workers = asked.workers or (None if asked.address else num_cores())
    saved = prepared.forecast.seconds * ((workers or 2) - 1)
    ray = asked.backend == "ray" or asked.address is not None or (asked.backend == "auto" and saved > RAY_PAYS_SECONDS)
    if not ray:
        return Inline(Heartbeats(scratch / "beats", aloud=True))
    from study.backends.ray_tune import RayTune

    return RayTune(scratch, address=asked.address, workers=workers)


def forget_hopeless(archive: Archive, ledger: Ledger) -> None:
    """After a study that stopped because most replicas failed: let those of the unsettled phase be tried again."""
    session = max((place for place, event in enumerate(ledger.events) if event["event"] == "planned"), default=0)
    if not any(event["event"] == "stopped" for event in ledger.events[session:]):
        return
    settled = {"search"} if ledger.frozen("draws") is not None else set()
    settled |= {"confirm"} if ledger.frozen("arm") is not None else set()
    table = {key: entry for key, entry in archive.entries.items() if entry.phase not in settled}
    arms = {entry.arm for entry in table.values() if entry.status == "failed"}
    ledger.append("retrying", arms=sorted(arms))
    for part in {entry.part for entry in table.values() if entry.arm in arms and entry.status in ("failed", "stopped")}:
        archive.forget(part)


def refuse_another(out: Path, asked: Spec, stored: Spec, fingerprint: str) -> None:
    """Refuse to mix two studies in one directory.

    Raises:
        Mistake: with what differs: the study file, the data or the engine.
    """
    remedy = "Choose another --out, or put things back as they were."
    if asked.digest() != stored.digest():
        raise Mistake(str(out), f"another study was begun here; {'; '.join(differences(stored, asked))}.", remedy)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    if manifest["fingerprint"] != fingerprint:
        found = f"the data have changed: fingerprint {fingerprint}, begun with {manifest['fingerprint']}."
        raise Mistake(str(out), found, remedy)
    if manifest["engine_version"] != ENGINE_VERSION:
        found = f"another engine began here: version {manifest['engine_version']}, this is {ENGINE_VERSION}."
        raise Mistake(str(out), found, "Choose another --out, or install the version that began it.")


def differences(stored: Spec, asked: Spec) -> list[str]:
    """Every setting that differs, as ``factors.width: [16] there, [32] asked``."""
    before, after = (dict(_flat(spec.plain())) for spec in (stored, asked))
    ignored = ("name", "budget", "backend", "workers")
    names = [name for name in before | after if name not in ignored and before.get(name) != after.get(name)]
    return [f"{name}: {before.get(name)} there, {after.get(name)} asked" for name in names]


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def write_description(out: Path, prepared: Prepared, fingerprint: str, part: Part | None = None) -> None:
    """What a reader needs to know about the study; the study file comes last and says that all of it is there."""
    task_set = prepared.task_set
    manifest = {
        "versions": {"python": platform.python_version(), **dict(_versions())},
        "engine_version": ENGINE_VERSION,
        "fingerprint": fingerprint,
        "command": sys.argv,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": num_cores(), "memory_bytes": _memory(), "platform": platform.platform()},
        "commit": _commit(),
    } | ({} if part is None else {"suite": part.suite})
    write_durably(out / "manifest.json", _json(manifest))
    write_durably(out / "tasks.json", _json({"fingerprint": fingerprint, **describe_tasks(task_set)}))
    write_durably(out / "study.yaml", as_text(prepared.plan.spec).encode())


def describe_tasks(task_set: TaskSet) -> dict[str, Any]:
    """The tasks, and how many examples of both drawers are labelled; no example and no label."""
    from mtl_core.data.target_columns import labels

    development, test = task_set.development.examples, task_set.test
    labelled = [labels(task_set.tasks, part.targets).sum(dim=0).tolist() for part in (development, test)]
    tasks = [
        {
            "task": task.name,
            "kind": task.kind,
            "metric": task.metric,
            "num_classes": task.num_classes,
            "num_targets": task.num_targets,
            "num_development": len(development),
            "num_test": len(test),
            "labelled_development": labelled[0][column],
            "labelled_test": labelled[1][column],
        }
        for column, task in enumerate(task_set.tasks)
    ]
    groups = None if test.groups is None else test.groups.tolist()
    return {"name": task_set.name, "tasks": tasks, "test_groups": groups, "remarks": list(task_set.remarks)}


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=1).encode() + b"\n"


def _versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _commit() -> str | None:
    """The commit of the checkout that this code runs from, if it does."""
    repository = Path(__file__).resolve().parent.parent
    if not (repository / ".git").exists():
        return None
    command = ["git", "-C", str(repository), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM end the study like Ctrl+C: what runs is given up, what is recorded is kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Callable(ModuleType):
    """Lets ``study.run(spec, out=…)`` work: importing this module puts it in the place of the function of that name."""

    def __call__(self, spec: Spec, **options: Any) -> Path:
        return run(spec, **options)


sys.modules[__name__].__class__ = _Callable
