"""A task: what is predicted, and by which metric predictions are judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["regression", "binary", "multiclass"]
Metric = Literal["accuracy", "brier", "log_loss", "mse", "mae"]

PERFECT: dict[str, float] = {"accuracy": 1.0, "brier": 0.0, "log_loss": 0.0, "mse": 0.0, "mae": 0.0}
"""Value of each metric for a perfect prediction.  All metrics are means over examples."""

METRICS_OF: dict[str, tuple[str, ...]] = {
    "regression": ("mse", "mae"),
    "binary": ("accuracy", "brier", "log_loss"),
    "multiclass": ("accuracy", "brier", "log_loss"),
}
"""Metrics that each kind of task allows."""


@dataclass(frozen=True)
class Task:
    """One target of a task set.

    Args:
        name: as the user wrote it; any text.
        kind: ``regression`` (squared error on the standardised target), ``binary`` or ``multiclass`` (cross entropy).
        metric: metric from which the skill is computed.  Regression metrics are in the target's own unit.
        num_classes: number of classes; 2 for binary, 1 for regression.
        classes: the user's names of the classes, in the order of their numbers; may be empty.
        num_targets: length of the vector that a regression predicts; its loss and its metric are means over the vector.

    Raises:
        ValueError: when metric, classes or targets do not fit the kind.
    """

    name: str
    kind: Kind
    metric: Metric
    num_classes: int = 1
    classes: tuple[str, ...] = ()
    num_targets: int = 1

    def __post_init__(self) -> None:
        if self.metric not in METRICS_OF[self.kind]:
            raise ValueError(f"Task {self.name!r}: {self.metric} does not judge {self.kind} predictions.")
        expected = {"regression": self.num_classes == 1, "binary": self.num_classes == 2}
        if not expected.get(self.kind, self.num_classes >= 2):
            raise ValueError(f"Task {self.name!r}: {self.num_classes} classes do not fit a {self.kind} task.")
        if self.num_targets < 1 or (self.num_targets > 1 and self.kind != "regression"):
            raise ValueError(f"Task {self.name!r}: {self.num_targets} targets do not fit a {self.kind} task.")

    @property
    def num_outputs(self) -> int:
        """Width of the task's head: one output per class or number to predict, a single one for binary tasks."""
        return self.num_classes if self.kind == "multiclass" else self.num_targets
