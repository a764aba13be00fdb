"""The description of a study in its run directory: written before training, compared when it is resumed."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from analysis.records.bounded import content_of
from mtl_core import ENGINE_VERSION
from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from study.config.load import as_text
from study.config.suite import SuitePosition
from study.planning.machine_limits import num_cores
from study.planning.own_code import code_digests
from study.planning.planned_precision import precision_facts
from study.planning.prepare import Prepared
from study.planning.task_weights import weight_facts
from study.store.atomic_files import write_durably
from study.store.ledger import NAME as LEDGER

DATA, KEPT = "data.parquet", "data.npz"
"""Names of the files in the run directory that hold a table, or the items of a data set, that were in memory."""
CRASH = "crash-"
"""Beginning of the names of files in the run directory with the traceback of a defect of the program."""
PACKAGES = ("mtl-study", "torch", "ray", "optuna", "pandas", "pyarrow", "numpy", "scipy")


def read_manifest(out: Path) -> dict[str, Any]:
    """Return the manifest of the run directory ``out``, which may come from anywhere.

    Raises:
        UserError: when it is no regular file, cannot be read, or holds something else.
    """
    file = out / "manifest.json"
    remedy = "Put it back as it was, or begin a new study in another --out."
    try:
        manifest = json.loads(content_of(file))
    except OSError as error:
        raise UserError(str(file), f"it cannot be read: {error.strerror}.", remedy) from None
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict):
        raise UserError(str(file), "this is not the manifest of a study.", remedy)
    return manifest


def refuse_other_data_or_engine(out: Path, fingerprint: str, *, of_data: str, of_engine: str) -> None:
    """Refuse data or an engine that differ from those that the study in ``out`` was begun with.

    Args:
        out: the run directory.
        fingerprint: of the data now.
        of_data, of_engine: what the user is told to do about either.

    Raises:
        UserError: with what differs.
    """
    manifest = read_manifest(out)
    if manifest.get("fingerprint") != fingerprint:
        found = f"the data have changed: fingerprint {fingerprint}, begun with {manifest.get('fingerprint')}."
        raise UserError(str(out), found, of_data)
    if manifest.get("engine_version") != ENGINE_VERSION:
        found = f"another engine began here: version {manifest.get('engine_version')}, this is {ENGINE_VERSION}."
        raise UserError(str(out), found, of_engine)


def refuse_changed_code(out: Path, prepared: Prepared) -> None:
    """Refuse to go on with code of the user's own that has changed since the study in ``out`` began.

    Raises:
        UserError: naming the dotted path.
    """
    before = read_manifest(out).get("code", {})
    now = code_digests(prepared.plan.spec, prepared.task_set.tasks)
    changed = [path for path in before if path in now and now[path] != before[path]]
    if changed:
        found = f"the file that defines {' and '.join(changed)} has changed since this study began."
        raise UserError(str(out), found, "Put it back as it was, or choose another --out.")


def refuse_something_else(out: Path) -> None:
    """Refuse a directory that holds anything but what a study leaves that was killed before it was described.

    Raises:
        UserError: when it does.
    """
    if any(not _is_left_over(path.name) for path in out.iterdir()):
        raise UserError(str(out), "this directory holds something else.", "Choose a new --out.")


def _is_left_over(name: str) -> bool:
    """Whether a driver that was killed before it had described its study may have left ``name``."""
    return name.startswith((".", CRASH)) or name in (LEDGER, "manifest.json", "tasks.json", DATA, KEPT)


def write_description(
    out: Path,
    prepared: Prepared,
    fingerprint: str,
    position: SuitePosition | None = None,
    *,
    insecure: bool = False,
    told: str | None = None,
    command: Sequence[str] | None = None,
) -> None:
    """Write manifest, tasks and study file of a run; the study file comes last and says that all of it is there.

    Args:
        out: the run directory on this machine.
        prepared: the study.
        fingerprint: of its data.
        position: which study of a suite this is, if it is one.
        insecure: whether a cluster was joined without a token.
        told: the run directory, or its address, as the user named it; ``None``: as ``out``.
        command: the command line that began the study; ``None``: a call from Python.
    """
    task_set = prepared.task_set
    manifest = {
        "versions": {"python": platform.python_version(), **dict(_versions())},
        "engine_version": ENGINE_VERSION,
        "fingerprint": fingerprint,
        "run": told or str(out),
        "directory": str(out.resolve()),
        "command": None if command is None else list(command),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": _device(prepared.plan.spec.device),
        "machine": {"cores": num_cores(), "memory_bytes": _memory(), "platform": platform.platform()},
        "commit": _commit(),
        "planned": planned_facts(prepared),
        "insecure": insecure,
    } | ({} if position is None else {"suite": position.suite})
    code = code_digests(prepared.plan.spec, task_set.tasks)
    manifest |= {"code": code} if code else {}
    write_durably(out / "manifest.json", _json(manifest))
    write_durably(out / "tasks.json", _json({"fingerprint": fingerprint, **describe_tasks(task_set)}))
    write_durably(out / "study.yaml", as_text(prepared.plan.spec).encode())


def planned_facts(prepared: Prepared) -> dict[str, Any]:
    """Return the precision that the study was begun with, and its band: what the report holds the result against."""
    return {"band": prepared.band, **precision_facts(prepared.task_set, prepared.plan.spec.importance or None)}


def describe_tasks(task_set: TaskSet) -> dict[str, Any]:
    """Return the tasks, and how many examples are labelled in development and test; no example and no label."""
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
            **({} if task.loss is None else {"loss": task.loss}),
            **weight_facts(task_set, task.name),
        }
        for column, task in enumerate(task_set.tasks)
    ]
    remarks = [remark.facts() for remark in task_set.remarks]
    groups = None if test.groups is None else test.groups.tolist()
    facts = {"name": task_set.name, "tasks": tasks, "test_groups": groups, "remarks": remarks}
    return facts | ({"folds": task_set.development.num_folds} if task_set.development.folds is not None else {})


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


def _device(name: str) -> dict[str, Any]:
    """What was asked for, and what this machine has; workers on other machines may have another card."""
    from mtl_core.training.device import chosen_device, device_facts

    return {"asked": name, **device_facts(chosen_device("auto" if name == "cuda" else name))}


def _commit() -> str | None:
    """The commit of the checkout that this code runs from; ``None`` when it is installed."""
    repository = Path(__file__).resolve().parent.parent.parent
    if not (repository / ".git").exists():
        return None
    command = ["git", "-C", str(repository), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
