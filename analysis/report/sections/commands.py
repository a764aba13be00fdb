"""The commands that a page offers, with the run directory as the user named it: a page shows no path of a machine."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from analysis.records.schema import Records
from analysis.records.study_state import State


@dataclass(frozen=True)
class Step:
    """A command, and why one would give it."""

    why: str
    command: str = ""


def run_path(records: Records) -> str:
    """The run directory as the user named it."""
    name = str(records.spec.get("name") or records.manifest.get("name") or "study")
    suite = records.manifest.get("suite")
    if suite is not None:
        return f"{suite_path(records)}/{name}"
    return _out(records) or f"runs/{name}"


def suite_path(records: Records) -> str:
    """The directory of the suite that the study is one of, as the user named it."""
    return _out(records) or f"runs/{records.manifest.get('suite')}"


def _out(records: Records) -> str:
    command = [str(part) for part in records.manifest.get("command") or []]
    return command[command.index("--out") + 1] if "--out" in command[:-1] else ""


def started_with(records: Records) -> str:
    """The command that the study was started with; it resumes, too."""
    command = records.manifest.get("command") or [
        "mtl-study",
        "run",
        f"{run_path(records)}/study.yaml",
        "--out",
        run_path(records),
    ]
    return shlex.join(map(str, command))


def commands(records: Records) -> list[Step]:
    """The commands of this study."""
    run = run_path(records)
    return [
        Step("Started with; the same command resumes", started_with(records)),
        Step("What is done, running, failed and left", shlex.join(["mtl-study", "status", run])),
        Step("This report again, from the records", shlex.join(["mtl-study", "report", run])),
        Step(
            "The same study in a new directory",
            shlex.join(["mtl-study", "run", f"{run}/study.yaml", "--out", f"{run}-again"]),
        ),
    ]


def steps(records: Records, state: State) -> list[Step]:
    """How to use what is recommended."""
    if state.phase is not None:
        return [Step("Finish the study: the same command trains what is missing.", started_with(records))]
    found = [
        Step("Build the network of the recipe above and train it with its hyperparameters, early stopping included.")
    ]
    if any((records.path / "models").glob("*.safetensors")):
        found.append(Step("Or take the trained weights of the recommended replicas, safetensors files, from models/."))
    load = f"analysis.load({run_path(records)!r})"
    return [*found, Step("Read every number of this page in Python: import analysis, then", load)]
