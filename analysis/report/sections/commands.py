"""The commands that a page offers."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from analysis.recommendation.recommend import Recommendation
from analysis.records.run_command import run_path, started_with
from analysis.records.schema import Records
from analysis.records.study_state import LoadedStudy


@dataclass(frozen=True)
class Step:
    """A command, and why one would give it."""

    why: str
    command: str = ""


def commands(records: Records) -> list[Step]:
    """Return the commands that the page lists, each with its purpose."""
    run = run_path(records)
    return [
        Step("Started with; the same again resumes", started_with(records)),
        Step("What is done, running, failed and left", shlex.join(["mtl-study", "status", run])),
        Step("This report again, from the records", shlex.join(["mtl-study", "report", run])),
        Step(
            "The same study in a new directory",
            shlex.join(["mtl-study", "run", f"{run}/study.yaml", "--out", f"{run}-again"]),
        ),
    ]


def steps(study: LoadedStudy, recommendation: Recommendation) -> list[Step]:
    """Return the steps from the recommendation to a trained network; none where a study ended without an answer."""
    if study.state.ended is not None:
        return []
    if study.state.phase is not None:
        return [Step("Finish the study: the same again trains what is missing.", started_with(study.records))]
    shares = recommendation.choice is None or recommendation.choice.shares
    alone = "Train a network for each task, by the recipe above,"
    build = "Build the network of the recipe above and train it" if shares else alone
    found = [Step(f"{build} with its hyperparameters, early stopping included.")]
    run = run_path(study.records)
    if any((study.records.path / "models").glob("*.safetensors")):
        export = shlex.join(["mtl-study", "export", run, "--out", f"{run}-model"])
        found.append(Step("Or take the networks of the verdict, kept in models/, in a folder that predicts", export))
    load = f"analysis.load({run!r})"
    return [*found, Step("Read every number of this page in Python: import analysis, then", load)]
