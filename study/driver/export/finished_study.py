"""A study with a verdict, read again for its networks: records, data, arms and kept models; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import analysis
from analysis.recommendation.option import Option
from analysis.recommendation.recommend import Recommendation, recommend
from analysis.records.schema import Records
from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from mtl_core.network.replica_state import ReplicaState
from mtl_core.recipe import Recipe
from mtl_core.registry import is_path
from mtl_core.training import checkpoint
from study.config.load import read_spec
from study.config.spec import Spec
from study.driver.begun import begun_spec, refuse_changes, refuse_no_study
from study.driver.export.option import chosen_option
from study.planning.arm import Arm
from study.planning.evaluation import settle_design, with_begun_design
from study.planning.options import build_task_set
from study.planning.stored_metrics import with_stored_metrics
from study.planning.task_trees import trees_in_ledger
from study.planning.training_settings import recipe_of, settings_of
from study.protocol.context import arm_of
from study.store.archive import MODELS
from study.store.recorded import read_recorded


@dataclass(frozen=True)
class FinishedStudy:
    """A study with its data.

    Args:
        run: the run directory.
        spec: the study file as it was run.
        records: what is recorded.
        task_set: the data, which are those that the study was begun with.
    """

    run: Path
    spec: Spec
    records: Records
    task_set: TaskSet

    def recipe(self, arm: str) -> Recipe:
        """Return the recipe that the verdict networks of the arm with this label were trained by."""
        tasks = [task.name for task in self.task_set.tasks]
        trees = trees_in_ledger(self.records.ledger, tasks)
        return recipe_of(self._arms[arm], settings_of(self.spec, "verdict", trees))

    def parameters(self, replica: str) -> ReplicaState:
        """Return the selected parameters of a replica.

        Raises:
            UserError: when they are not kept.
        """
        part = self._parts[replica]
        if part not in self._loaded:
            path = self.run / MODELS / f"{part}.safetensors"
            if not path.is_file():
                found = "the networks are not kept: an earlier version trained them, or the file was removed."
                remedy = "Choose another --option, or run the study file once more in a new directory."
                raise UserError(str(path), found, remedy)
            self._loaded[part] = checkpoint.load(path)
        return self._loaded[part][replica]

    @cached_property
    def _loaded(self) -> dict[str, dict[str, ReplicaState]]:
        return {}

    @cached_property
    def _parts(self) -> dict[str, str]:
        return {key: entry.part for key, entry in read_recorded(self.run).entries.items()}

    @cached_property
    def _arms(self) -> dict[str, Arm]:
        planned = [levels for event in self.records.events("planned") for levels in event["arms"]]
        arms = [_arm(levels) for levels in [*planned, *(event["levels"] for event in self.records.events("added"))]]
        return {arm.label: arm for arm in arms}


def _arm(levels: Mapping[str, Any]) -> Arm:
    return arm_of({name: level for name, level in levels.items() if name not in ("arm", "role")})


def read_option(run: Path, asked: str | None) -> tuple[Records, Recommendation, Option]:
    """Return the records of the study in ``run``, what they recommend, and the option to export.

    Args:
        run: the run directory.
        asked: kind or arm of the option; ``None``: the one that is recommended.

    Raises:
        UserError: when there is no study, it has no verdict yet, or no such option.
        UnreadableRun: a file of the run directory cannot be read.
    """
    refuse_no_study(run)
    records = analysis.load(run)
    recommendation = recommend(records)
    return records, recommendation, chosen_option(recommendation, asked, str(run))


def read_study(run: Path, records: Records, data: Path | None = None) -> FinishedStudy:
    """Return the study in ``run`` with its data.

    Args:
        run: the run directory.
        records: of the study.
        data: where the study's table lies now; ``None``: where it lay when the study began.

    Raises:
        UserError: when its data are gone or have changed.
    """
    spec = begun_spec(run, data)
    stored = read_spec(run / "study.yaml")
    task_set = with_stored_metrics(build_task_set(with_begun_design(spec, stored)), run)
    _, task_set = settle_design(spec, task_set, stored)
    refuse_changes(run, task_set)
    return FinishedStudy(run, spec, records, _without_own_code(task_set))


def _without_own_code(task_set: TaskSet) -> TaskSet:
    """Return the task set with other metrics and losses in the place of the user's own, whose code is not to be run.

    Splits depend on whether a metric is a mean over examples, which neither stand-in for classes nor the user's own is.
    """
    tasks = tuple(
        replace(task, metric="balanced_accuracy" if task.has_classes else "mse", loss=None)
        if is_path("metrics", task.metric)
        else replace(task, loss=None)
        for task in task_set.tasks
    )
    return replace(task_set, development=replace(task_set.development, tasks=tasks))
