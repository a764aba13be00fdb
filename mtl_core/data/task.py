"""A task: what is predicted, and by which metric predictions are judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mtl_core.registry import find

Kind = str
"""Name of a kind of task: the stem of its file in :mod:`mtl_core.data.kinds`."""
Metric = str
"""Name of a metric: the stem of its file in :mod:`mtl_core.data.metrics`."""
BALANCED = "balanced"
"""What a task says that wants all classes to weigh the same in its loss."""


@dataclass(frozen=True)
class Task:
    """One target of a task set.

    Args:
        name: as the user wrote it; any text.
        kind: one of :mod:`mtl_core.data.kinds`, such as ``regression`` or ``binary``.
        metric: metric from which the skill is computed.  Regression metrics are in the target's own unit.
        num_classes: number of classes; 2 for binary, 1 for numbers.
        classes: the user's names of the classes, in the order of their numbers; may be empty.
        num_targets: length of the vector that a regression predicts; its loss and its metric are means over the vector.
        class_weight: weights of the classes in the loss, in the order of their numbers; ``balanced``: such that on each
            training split all classes have the same total; ``None``: every example counts alike.
        loss: dotted path ``package.module:name`` of a function of the user's own that is the training loss; ``None``:
            that of the kind.
        origin: what was subtracted from targets to tell them apart in float32, where the metric is a function of the
            user's own: that judges numbers as they were.

    Raises:
        KeyError: when there is no such metric or kind.
        ValueError: when metric, classes or targets do not fit the kind.
    """

    name: str
    kind: Kind
    metric: Metric
    num_classes: int = 1
    classes: tuple[str, ...] = ()
    num_targets: int = 1
    class_weight: tuple[float, ...] | Literal["balanced"] | None = None
    loss: str | None = None
    origin: float = 0.0

    def __post_init__(self) -> None:
        judge, kind = find("metrics", self.metric).cls, find("kinds", self.kind).cls
        if self.kind not in judge.kinds and self.metric not in kind.metrics:
            raise ValueError(f"Task {self.name!r}: {self.metric} does not judge {self.kind} predictions.")
        if not (kind().fits(self.num_classes) if kind.has_classes else self.num_classes == 1):
            raise ValueError(f"Task {self.name!r}: {self.num_classes} classes do not fit a {self.kind} task.")
        if self.num_targets < 1 or (self.num_targets > 1 and self.kind != "regression"):
            raise ValueError(f"Task {self.name!r}: {self.num_targets} targets do not fit a {self.kind} task.")
        if self.class_weight is not None and not self._suits(self.class_weight):
            raise ValueError(f"Task {self.name!r}: class weights {self.class_weight!r} do not fit its classes.")
        if self.loss is not None and ":" not in self.loss:
            raise ValueError(f"Task {self.name!r}: the loss {self.loss!r} is no path package.module:name.")
        if self.num_targets > 1 and not judge.judges_vectors:
            raise ValueError(
                f"Task {self.name!r}: {self.metric} judges single numbers, not {self.num_targets} at once."
            )

    def _suits(self, weights: tuple[float, ...] | str) -> bool:
        if self.num_classes < 2 or isinstance(weights, str):
            return self.num_classes >= 2 and weights == BALANCED
        return len(weights) == self.num_classes and all(0 < weight < float("inf") for weight in weights)

    @property
    def has_classes(self) -> bool:
        """Whether labels are numbers of classes."""
        return find("kinds", self.kind).cls.has_classes

    @property
    def num_outputs(self) -> int:
        """Width of the task's head, as its kind says: an output per class or number to predict, one for two classes."""
        return find("kinds", self.kind).cls().num_outputs(self)
