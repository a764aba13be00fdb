"""The run directory and the command of a study as the user gave them: a page shows no path of the machine it ran on."""

from __future__ import annotations

import shlex

from analysis.records.schema import Records


def run_path(records: Records) -> str:
    """Return the run directory as the user named it."""
    name = str(records.spec.get("name") or records.manifest.get("name") or "study")
    suite = records.manifest.get("suite")
    if suite is not None:
        return f"{suite_path(records)}/{name}"
    return _out(records) or f"runs/{name}"


def suite_path(records: Records) -> str:
    """Return the directory of the suite that the study is one of, as the user named it."""
    return _out(records) or f"runs/{records.manifest.get('suite')}"


def started_with(records: Records) -> str:
    """Return the command that the study was started with; the same command resumes it."""
    command = records.manifest.get("command") or [
        "mtl-study",
        "run",
        f"{run_path(records)}/study.yaml",
        "--out",
        run_path(records),
    ]
    return shlex.join(map(str, command))


def _out(records: Records) -> str:
    command = [str(part) for part in records.manifest.get("command") or []]
    return command[command.index("--out") + 1] if "--out" in command[:-1] else ""
