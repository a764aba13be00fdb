"""The records of a study: every column declared once, and tidy tables read from them.

A record is one row per replica × task.  ``records/*.parquet`` holds the training records (one part per shard),
``scores/*.parquet`` what the score phase adds on the test split, and ``conflict/*.parquet`` what was measured of the
tasks' gradients.  Curves are lists with one value per epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

TEXT, WHOLE, REAL, SINGLE = pa.string(), pa.int64(), pa.float64(), pa.float32()
CURVE = pa.list_(SINGLE)


class Column(NamedTuple):
    """A column of the records.

    Args:
        type: Arrow type of a value.
        unit: what a value is counted or measured in; empty for text that has none.
        meaning: what a value says, and when it is null.
    """

    type: pa.DataType
    unit: str
    meaning: str


Columns = Mapping[str, Column]

LOSS, METRIC, SKILL = "loss", "task's metric", "skill, 1: perfect"

IDENTITY: Columns = {
    "replica": Column(TEXT, "", "content hash of the replica"),
    "arm": Column(TEXT, "", "label of the combination of levels; never parsed, since the levels are columns"),
    "phase": Column(TEXT, "", "search, confirm or verdict"),
    "draw": Column(WHOLE, "number", "draw of the hyperparameters"),
    "seed": Column(WHOLE, "number", "seed of the replica's random streams"),
    "task": Column(TEXT, "", "name of the task"),
}
FACTORS: Columns = {
    "sharing": Column(TEXT, "", "sharing architecture"),
    "depth": Column(WHOLE, "stages", "number of shared stages; null where the word makes no sense (single_task)"),
    "stages": Column(WHOLE, "stages", "number of stages of the backbone"),
    "width": Column(WHOLE, "features", "width of a stage"),
    "backbone": Column(TEXT, "", "backbone"),
    "weighting": Column(TEXT, "", "weighting method"),
    "scale": Column(TEXT, "", "matched: task weights are divided by their sum; native: as the method gives them"),
    "gradients": Column(TEXT, "", "where task gradients were compared: parameters, last_stage or representation"),
    "gramian_rows": Column(WHOLE, "examples", "examples of a batch on which task gradients were compared; null: all"),
    "optimiser": Column(TEXT, "", "optimiser"),
    "train_fraction": Column(REAL, "fraction", "part of the training split that was used"),
    "capacity": Column(
        WHOLE, "features", "width of the reference that the arm is as large as; its own where none was matched"
    ),
}
TRAINING: Columns = {
    **IDENTITY,
    **FACTORS,
    "hyperparameters": Column(TEXT, "JSON object", "value of each tuned hyperparameter"),
    "status": Column(TEXT, "", "running (more rungs to come), finished, stopped (halving), diverged or failed"),
    "reason": Column(TEXT, "", "of a failure or divergence; else empty"),
    "budget_epochs": Column(WHOLE, "epochs", "most epochs that the replica may train"),
    "epochs": Column(WHOLE, "epochs", "trained so far; length of the curves"),
    "selected_epoch": Column(
        WHOLE, "epoch from 0", "epoch of the best mean validation skill over the replica's tasks; −1: none"
    ),
    "train_loss": Column(CURVE, LOSS, "by epoch, in evaluation mode, on a fixed part of the training split"),
    "validation_loss": Column(CURVE, LOSS, "by epoch, on the validation split"),
    "train_metric": Column(CURVE, METRIC, "by epoch, in evaluation mode, on a fixed part of the training split"),
    "validation_metric": Column(CURVE, METRIC, "by epoch, on the validation split"),
    "validation_skill": Column(CURVE, SKILL, "by epoch, on the validation split"),
    "weight": Column(CURVE, "weight", "mean weight of the task in each epoch"),
    "trivial_loss": Column(REAL, LOSS, "of the best constant prediction, on the validation split; null: failed"),
    "trivial_metric": Column(REAL, METRIC, "of the best constant prediction, on the validation split; null: failed"),
    "num_train": Column(WHOLE, "examples", "labelled training examples of the task; null: failed"),
    "num_validation": Column(WHOLE, "examples", "labelled validation examples of the task; null: failed"),
    "parameters_shared": Column(WHOLE, "parameters", "parameters that tasks share; null: failed"),
    "parameters_total": Column(WHOLE, "parameters", "all parameters of the replica; null: failed"),
    "multiply_adds": Column(WHOLE, "multiply-adds", "per example, all tasks of the replica together; null: failed"),
    "unconverged": Column(
        WHOLE, "steps", "in which the weighting method's solver did not converge; null: it has no solver, or failed"
    ),
    "seconds": Column(REAL, "seconds", "share of the shard's wall time; null: failed"),
}
"""One row per replica × task.  A replica may stand in several parts (one per rung): the longest one counts."""

SCORES: Columns = {
    "replica": Column(TEXT, "", "content hash of the replica"),
    "task": Column(TEXT, "", "name of the task"),
    "metric": Column(TEXT, "", "name of the task's metric"),
    "test_metric": Column(REAL, METRIC, "on the test split"),
    "trivial_metric": Column(
        REAL, METRIC, "of the constant prediction fitted on the training split, on the test split"
    ),
    "perfect_metric": Column(REAL, METRIC, "of a perfect prediction"),
    "test_skill": Column(REAL, SKILL, "on the test split"),
    "num_test": Column(WHOLE, "examples", "labelled test examples of the task"),
    "example_scores": Column(CURVE, METRIC, "of every test example, in file order; NaN: not labelled"),
}
"""One row per scored replica × task."""

CONFLICT: Columns = {
    "replica": Column(TEXT, "", "content hash of the replica"),
    "epoch": Column(WHOLE, "epoch from 0", "at whose end the probe was made"),
    "stage": Column(TEXT, "", "stage0, stage1, … and what connects them, such as stitch0; rows stand in forward order"),
    "task": Column(TEXT, "", "name of the task"),
    "other": Column(TEXT, "", "the task itself, or one behind it in the order of the tasks"),
    "norm": Column(
        SINGLE, "loss per unit of a parameter", "of the task's gradient on what the stage shares; NaN for two tasks"
    ),
    "cosine": Column(
        SINGLE, "−1 to 1", "of two tasks' gradients, both on the whole probe batch; NaN for a task with itself"
    ),
    "across": Column(
        SINGLE, "−1 to 1", "each gradient on another half of the batch; for a task with itself, what noise leaves of 1"
    ),
}
"""One row per replica × probe × stage × pair of tasks that have parameters in common there."""

TABLES: Mapping[str, Columns] = {"records": TRAINING, "scores": SCORES, "conflict": CONFLICT}
"""Columns by the folder of the run directory that holds the table's parts."""

FACTOR_COLUMNS = tuple(FACTORS)


def schema(columns: Columns) -> pa.Schema:
    """Return the Arrow schema of ``columns``."""
    return pa.schema([(name, column.type) for name, column in columns.items()])


def check_keys(rows: Iterable[Mapping[str, Any]], columns: Columns) -> None:
    """Refuse rows whose keys are not exactly the columns: Arrow would drop an unknown key and null a missing one.

    Raises:
        ValueError: which keys are unknown and which are missing.
    """
    for number, row in enumerate(rows):
        unknown, missing = row.keys() - columns.keys(), columns.keys() - row.keys()
        faults = [
            f"{what} {', '.join(sorted(keys))}" for what, keys in (("unknown", unknown), ("missing", missing)) if keys
        ]
        if faults:
            raise ValueError(f"Row {number} does not fit the schema of the records: {'; '.join(faults)}.")


class UnreadableRun(ValueError):
    """A run directory that cannot be read; the message says which file and what to do."""


@dataclass(frozen=True)
class Records:
    """What is known about a study, in tables.

    Args:
        replicas: columns of :data:`TRAINING`, one row per replica × task, the longest part of each.
        scores: columns of :data:`SCORES`.
        tasks: one row per task: ``task, kind, metric, num_development, num_test``, coverage columns.
        spec: the study file as it was run.
        manifest: versions, fingerprint, command, machine.
        ledger: the events, in order.
        test_groups: group number of every test example, or ``None``.
        path: the run directory.
        conflict: columns of :data:`CONFLICT`; empty unless the study asked for it.
    """

    replicas: pd.DataFrame
    scores: pd.DataFrame
    tasks: pd.DataFrame
    spec: dict[str, Any]
    manifest: dict[str, Any]
    ledger: list[dict[str, Any]]
    test_groups: list[int] | None
    path: Path
    conflict: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CONFLICT)))

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The ledger's events of one kind, in order."""
        return [event for event in self.ledger if event.get("event") == kind]

    def frozen(self, choice: str) -> Any:
        """The value of a frozen choice, or ``None`` while it is not made."""
        values = [event["value"] for event in self.events("frozen") if event["choice"] == choice]
        return values[-1] if values else None
