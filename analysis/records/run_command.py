"""The run directory and the command of a study as the user gave them: a page shows no path of the machine it ran on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from analysis.records.schema import Records

PROGRAM = "mtl-study"
IN_PYTHON = "in Python"


def run_path(records: Records) -> str:
    """Return the run directory as the user named it, or its present place where it was moved."""
    return _run_path(records.manifest, _name(records))


def suite_path(records: Records) -> str:
    """Return the directory of the suite that the study is one of, as :func:`run_path` names that of the study."""
    return _suite_path(records.manifest)


def started_with(records: Records) -> str:
    """Return the command, or the call from Python, that the study was started with; the same one resumes it."""
    return command_of(records.manifest, _name(records))


def command_of(manifest: Mapping[str, Any], name: str) -> str:
    """Return the command, or the call from Python, that goes on with a study.

    Args:
        manifest: of its run directory, as :func:`as_it_lies` returns it.
        name: of the study.
    """
    whole = _run_path(manifest, name) if manifest.get("suite") is None else _suite_path(manifest)
    if manifest.get("command", ()) is None:
        call = "study.run" if manifest.get("suite") is None else "study.run_suite"
        return f"{call}(…, out={whole!r})  # {IN_PYTHON}"
    return shlex.join(map(str, manifest.get("command") or _of_study_file(manifest, whole)))


def _name(records: Records) -> str:
    return str(records.spec.get("name") or records.manifest.get("name") or "study")


def _run_path(manifest: Mapping[str, Any], name: str) -> str:
    if named := manifest.get("run"):
        return str(named)
    if manifest.get("suite") is not None:
        return f"{_suite_path(manifest)}/{name}"
    return _out(manifest) or f"runs/{name}"


def _suite_path(manifest: Mapping[str, Any]) -> str:
    if named := manifest.get("run"):
        return str(PurePath(str(named)).parent)
    return _out(manifest) or f"runs/{manifest.get('suite')}"


def as_it_lies(manifest: Mapping[str, Any], run: Path) -> dict[str, Any]:
    """Return the manifest of the run directory ``run``, with what names it there if it was moved or copied.

    The place on the machine that it was made in is left out.  A manifest of an earlier version, which does not say
    that place, keeps the command that it has; one that a program of the user's own left is named by where it lies.
    """
    facts = {name: value for name, value in manifest.items() if name != "directory"}
    told, made_in = manifest.get("run"), manifest.get("directory")
    if told is None:
        return facts | _of_earlier_version(manifest, run)
    is_kept_elsewhere = "://" in str(told)  # in an object store, of which ``run`` is a working copy
    if is_kept_elsewhere or made_in is None or made_in == str(run.resolve()):
        return facts
    place = run if run.name else run.resolve()
    whole = place if manifest.get("suite") is None else place.parent
    return facts | {"run": str(place), "command": _of_study_file(manifest, str(whole))}


def _of_earlier_version(manifest: Mapping[str, Any], run: Path) -> dict[str, Any]:
    """The command of a manifest that holds the arguments of the process, of whatever program it was."""
    command = manifest.get("command")
    if not isinstance(command, list) or not command:
        return {}
    program = PurePath(str(command[0])).name
    if program in (PROGRAM, f"{PROGRAM}.exe", "__main__.py"):
        return {"command": [PROGRAM, *command[1:]]}
    return {"command": None, "run": str(run if run.name else run.resolve())}


def _of_study_file(manifest: Mapping[str, Any], whole: str) -> list[str]:
    """The command that goes on with a run directory, or that of a suite, by its own study file."""
    file = "study.yaml" if manifest.get("suite") is None else "suite.yaml"
    trusted = ["--trust-code"] if manifest.get("code") else []
    return [PROGRAM, "run", f"{whole}/{file}", *trusted, "--out", whole]


def _out(manifest: Mapping[str, Any]) -> str:
    command = [str(part) for part in manifest.get("command") or []]
    return command[command.index("--out") + 1] if "--out" in command[:-1] else ""
