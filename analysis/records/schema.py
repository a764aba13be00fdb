"""The records of a study: every column declared once, with type, unit and meaning, and the tables read from them.

A record is one row per replica × task.  ``records/*.parquet`` holds the training records (a part per shard, or one of
all shards of a phase), ``scores/*.parquet`` what the score phase adds on the test split, and ``conflict/*.parquet``
what was measured of the tasks' gradients.  Curves are lists with one value per epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

TEXT, WHOLE, REAL, SINGLE = pa.string(), pa.int64(), pa.float64(), pa.float32()
CURVE = pa.list_(SINGLE)

LOSS, METRIC, SKILL = "the task's loss", "the task's metric", "skill: 0 constant prediction, 1 perfect"
NO_CLASSES = "null: a regression, or not recorded yet when the run was made"
TREE = "tree that the replica found, to which its sizes then refer: groups of tasks by stage, a JSON list; null: none"


@dataclass(frozen=True)
class Column:
    """A column of the records.

    Args:
        type: its Arrow type.
        meaning: what a value says, and what a missing one says.
        unit: unit of a value; empty for text and where there is none.
        is_new: whether runs of earlier versions lack it and are read as if it were missing in every row.
    """

    type: pa.DataType
    meaning: str
    unit: str = ""
    is_new: bool = False


Columns = Mapping[str, Column]

IDENTITY = {
    "replica": Column(TEXT, "content hash of what is trained: data, arm, draw, seed, phase, hyperparameters, settings"),
    "arm": Column(TEXT, "label of the combination of levels; never parsed, since the levels are columns"),
    "phase": Column(TEXT, "search, confirm or verdict"),
    "draw": Column(WHOLE, "number of the draw of hyperparameters, from 0"),
    "seed": Column(WHOLE, "seed of initial parameters, splits and data order"),
    "task": Column(TEXT, "name of the task"),
}
FACTORS = {
    "sharing": Column(TEXT, "sharing architecture"),
    "depth": Column(WHOLE, "number of shared stages; null where the architecture has no such number", "stages"),
    "stages": Column(WHOLE, "number of stages of the backbone", "stages"),
    "width": Column(WHOLE, "width of the backbone", "units per stage"),
    "backbone": Column(TEXT, "backbone"),
    "weighting": Column(TEXT, "task weighting method"),
    "scale": Column(TEXT, "matched (weights that add up to 1, a direction as long as the mean gradient) or native"),
    "gradients": Column(TEXT, "where task gradients are compared: parameters, last_stage or representation"),
    "gramian_rows": Column(WHOLE, "on how many examples of a batch task gradients are taken; null: all", "examples"),
    "optimiser": Column(TEXT, "optimiser"),
    "train_fraction": Column(REAL, "part of the training split that is used", "fraction"),
    "capacity": Column(
        WHOLE, "width of the reference network as large as the arm; its own where none was matched", "units per stage"
    ),
}
TRAINING = (
    IDENTITY
    | FACTORS
    | {
        "hyperparameters": Column(TEXT, "values of the tuned hyperparameters, a JSON object"),
        "status": Column(TEXT, "running (more rungs to come), finished, stopped (by halving), diverged or failed"),
        "reason": Column(TEXT, "reason of a failure or divergence; else empty"),
        "budget_epochs": Column(WHOLE, "epochs that a replica which is not stopped trains", "epochs"),
        "epochs": Column(WHOLE, "epochs trained so far: the length of the curves", "epochs"),
        "selected_epoch": Column(
            WHOLE, "epoch, from 0, of the best mean validation skill over the replica's tasks; −1: none", "epoch"
        ),
        "train_loss": Column(CURVE, "loss in evaluation mode on a fixed part of the training split, by epoch", LOSS),
        "validation_loss": Column(CURVE, "loss on the validation split, by epoch", LOSS),
        "train_metric": Column(CURVE, "metric on the fixed part of the training split, by epoch", METRIC),
        "validation_metric": Column(CURVE, "metric on the validation split, by epoch", METRIC),
        "validation_skill": Column(CURVE, "skill on the validation split, by epoch", SKILL),
        "weight": Column(CURVE, "mean weight of the task in each epoch"),
        "trivial_loss": Column(REAL, "loss of the best constant prediction on the validation split", LOSS),
        "trivial_metric": Column(REAL, "metric of the best constant prediction on the validation split", METRIC),
        "trivial_train_loss": Column(
            REAL,
            "loss of the best constant prediction on the fixed part of the training split; null: not recorded then",
            LOSS,
            is_new=True,
        ),
        "num_train": Column(WHOLE, "training examples whose label counts in the loss of the task", "examples"),
        "num_validation": Column(WHOLE, "labelled validation examples of the task", "examples"),
        "parameters_shared": Column(WHOLE, "parameters that several tasks share", "parameters"),
        "parameters_total": Column(WHOLE, "parameters of the replica, all its tasks together", "parameters"),
        "multiply_adds": Column(WHOLE, "forward pass of one example, all tasks of the replica", "multiply-adds"),
        "tree": Column(TEXT, TREE, is_new=True),
        "unconverged": Column(
            WHOLE, "steps in which the weighting method's solver did not converge; null: it has none", "steps"
        ),
        "seconds": Column(REAL, "the replica's share of its shard's wall time", "s"),
        "device": Column(TEXT, "what it was trained on, cpu or cuda; null: not recorded, then cpu", is_new=True),
        "replay_speed_up": Column(REAL, "speed-up by a CUDA graph; null: none was used", "ratio", is_new=True),
    }
)
"""One row per replica × task.  A replica may stand in several parts (one per rung): the longest one counts."""

SCORES = {
    "replica": Column(TEXT, "content hash, as in the training records"),
    "task": Column(TEXT, "name of the task"),
    "metric": Column(TEXT, "name of the task's metric"),
    "test_metric": Column(REAL, "metric on the test split, of the parameters of the selected epoch", METRIC),
    "trivial_metric": Column(
        REAL, "metric on the test split of the constant prediction fitted on the training split", METRIC
    ),
    "perfect_metric": Column(REAL, "value of the metric for perfect predictions", METRIC),
    "test_skill": Column(REAL, "skill on the test split", SKILL),
    "num_test": Column(WHOLE, "labelled test examples of the task that the replica is judged on", "examples"),
    "example_scores": Column(
        CURVE,
        "score of every test example, in file order, whose mean is the metric: its own, or, of metrics that are no "
        "means over examples, the metric plus the example's influence on it; NaN: not labelled",
        METRIC,
    ),
    "num_rarer": Column(WHOLE, f"test examples outside their most frequent class; {NO_CLASSES}", "examples", True),
    "test_loss": Column(REAL, f"cross entropy on the test split; {NO_CLASSES}", "nats", True),
    "trivial_loss": Column(REAL, f"that of the class frequencies of the training split; {NO_CLASSES}", "nats", True),
    "example_losses": Column(
        CURVE, f"cross entropy of every test example, in file order; NaN: not labelled; {NO_CLASSES}", "nats", True
    ),
}
"""One row per replica × task that the score phase judged on the test split."""

CONFLICT = {
    "replica": Column(TEXT, "content hash, as in the training records"),
    "epoch": Column(WHOLE, "epoch, from 0, at whose end the probe was made", "epoch"),
    "stage": Column(TEXT, "stage0, stage1, … and what connects them, such as stitch0; rows stand in forward order"),
    "task": Column(TEXT, "name of the task"),
    "other": Column(TEXT, "the task itself, or one behind it in the order of the tasks"),
    "norm": Column(
        SINGLE,
        "norm of the task's gradient on what is shared in the stage; NaN for two tasks",
        "loss per unit of parameter",
    ),
    "cosine": Column(
        SINGLE, "cosine of two tasks' gradients, both on the whole probe batch; NaN for a task with itself"
    ),
    "across": Column(
        SINGLE,
        "cosine of the two gradients, each on another half of the probe batch; for a task with itself what sampling "
        "noise leaves of 1",
    ),
}
"""One row per replica × probe × stage × pair of tasks that have parameters in common there."""


@dataclass(frozen=True)
class RecordKind:
    """A kind of records: its ``heading``, what there is one ``row`` per, and its ``columns``."""

    heading: str
    row: str
    columns: Columns


RECORD_KINDS = {
    "records": RecordKind("Training", "replica × task; of a replica in several parts the longest counts", TRAINING),
    "scores": RecordKind("Scores on the test split", "replica × task", SCORES),
    "conflict": RecordKind(
        "Gradient conflict", "replica × probe × stage × pair of tasks that have parameters in common there", CONFLICT
    ),
}
"""Every kind of records, by the directory of the run that holds its parts."""

FACTOR_COLUMNS = tuple(FACTORS)


def schema(columns: Columns) -> pa.Schema:
    """Return the Arrow schema of declared columns."""
    return pa.schema([(name, column.type) for name, column in columns.items()])


def conformed(table: pa.Table, columns: Columns) -> pa.Table:
    """Return ``table`` with exactly the declared ``columns``; those that are new are filled with nulls where missing.

    Raises:
        KeyError: the name of a column that is missing and not new.
        pa.ArrowException: a column holds what its type cannot hold.
    """
    for name, column in columns.items():
        if name not in table.column_names:
            if not column.is_new:
                raise KeyError(name)
            table = table.append_column(name, pa.nulls(len(table), column.type))
    return table.select(list(columns)).cast(schema(columns))


class UnreadableRun(ValueError):
    """A run directory that cannot be read; the message says which file and what to do."""


@dataclass(frozen=True)
class Records:
    """Records of a study, as tables; ``answered`` has those of the questions asked of them so far, by stem.

    Args:
        replicas: columns of :data:`TRAINING`, one row per replica × task, the longest part of each.
        scores: columns of :data:`SCORES`.
        tasks: one row per task: ``task, kind, metric, num_development, num_test``, coverage columns.
        spec: the study file as it was run.
        manifest: versions, fingerprint, command and machine, from ``manifest.json``.
        ledger: events of the study, in order.
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
    answered: dict[str, pd.DataFrame] = field(init=False, repr=False, compare=False, default_factory=dict)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Return the ledger's events of one kind, in order."""
        return [event for event in self.ledger if event.get("event") == kind]

    def frozen(self, choice: str, fold: int | None = None) -> Any:
        """Return the value of a frozen choice, of an outer fold where one is named; ``None`` while it is not made."""
        made = [event for event in self.events("frozen") if (event["choice"], event.get("fold")) == (choice, fold)]
        return made[-1]["value"] if made else None

    @property
    def num_folds(self) -> int:
        """Number of outer folds of the study; 1 where a test split of its own judges."""
        return int((self.events("planned") or [{}])[-1].get("folds", 1))

    @property
    def chosen_arm(self) -> str | None:
        """Label of the arm that was chosen on validation skill; ``None`` before the confirm phase has chosen it."""
        return (self.frozen("arm") or {}).get("arm")
