"""The records of a study: every column declared once, and tidy tables read from them.

A record is one row per replica × task.  ``records/*.parquet`` holds the training records (one part per shard),
``scores/*.parquet`` what the score phase adds on the test split, and ``conflict/*.parquet`` what was measured of the
tasks' gradients.  Curves are lists with one value per epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

TEXT, WHOLE, REAL, SINGLE = pa.string(), pa.int64(), pa.float64(), pa.float32()
CURVE = pa.list_(SINGLE)

IDENTITY = {
    "replica": TEXT,  # content hash
    "arm": TEXT,  # label of the combination of levels; never parsed, the levels are columns
    "phase": TEXT,  # search | confirm | verdict
    "draw": WHOLE,
    "seed": WHOLE,
    "task": TEXT,
}
FACTORS = {
    "sharing": TEXT,
    "depth": WHOLE,  # number of shared stages; null where the word makes no sense (single_task)
    "stages": WHOLE,
    "width": WHOLE,
    "backbone": TEXT,
    "weighting": TEXT,
    "scale": TEXT,
    "gradients": TEXT,  # where task gradients were compared: parameters | last_stage | representation
    "gramian_rows": WHOLE,  # on how many examples of a batch; null: all
    "optimiser": TEXT,
    "train_fraction": REAL,
    "capacity": WHOLE,  # width of the reference that the arm is as large as; its own width where none was matched
}
TRAINING = (
    IDENTITY
    | FACTORS
    | {
        "hyperparameters": TEXT,  # JSON object
        "status": TEXT,  # running (more rungs to come) | finished | stopped (halving) | diverged | failed
        "reason": TEXT,  # of a failure or divergence; else empty
        "budget_epochs": WHOLE,
        "epochs": WHOLE,  # trained so far = length of the curves
        "selected_epoch": WHOLE,  # 0-based epoch of best mean validation skill over the replica's tasks; −1: none
        "train_loss": CURVE,  # evaluation mode, on a fixed part of the training split
        "validation_loss": CURVE,
        "train_metric": CURVE,
        "validation_metric": CURVE,
        "validation_skill": CURVE,
        "weight": CURVE,  # mean weight of the task in each epoch
        "trivial_loss": REAL,  # loss of the best constant prediction, on the validation split
        "trivial_metric": REAL,  # its metric, on the validation split
        "num_train": WHOLE,  # labelled examples of the task
        "num_validation": WHOLE,
        "parameters_shared": WHOLE,
        "parameters_total": WHOLE,
        "multiply_adds": WHOLE,  # per example, all tasks of the replica together
        "unconverged": WHOLE,  # steps in which the weighting method's solver did not converge; null: it has none
        "seconds": REAL,  # share of the shard's wall time
    }
)
"""One row per replica × task.  A replica may stand in several parts (one per rung): the longest one counts."""

SCORES = {
    "replica": TEXT,
    "task": TEXT,
    "metric": TEXT,
    "test_metric": REAL,
    "trivial_metric": REAL,  # the constant prediction fitted on the training split, evaluated on the test split
    "perfect_metric": REAL,
    "test_skill": REAL,
    "num_test": WHOLE,
    "example_scores": CURVE,  # the metric of every test example, in file order; NaN = not labelled
}

CONFLICT = {
    "replica": TEXT,
    "epoch": WHOLE,  # 0-based; the probe was made at its end
    "stage": TEXT,  # stage0, stage1, … and what connects them, such as stitch0; rows stand in forward order
    "task": TEXT,
    "other": TEXT,  # the task itself, or one behind it in the order of the tasks
    "norm": SINGLE,  # of the task's gradient on what is shared in the stage; NaN for two tasks
    "cosine": SINGLE,  # of two tasks' gradients, both on the whole probe batch; NaN for a task with itself
    "across": SINGLE,  # with each gradient on another half of it; for a task with itself, what noise leaves of 1
}
"""One row per replica × probe × stage × pair of tasks that have parameters in common there."""

FACTOR_COLUMNS = tuple(FACTORS)


def schema(columns: dict[str, pa.DataType]) -> pa.Schema:
    """The Arrow schema of a dictionary of columns."""
    return pa.schema(list(columns.items()))


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
