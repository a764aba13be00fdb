"""A task set: tasks and their examples, with the test split kept in a drawer of its own."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.target_columns import columns_of_only, labels
from mtl_core.data.task import Task


@dataclass(frozen=True)
class Examples:
    """Raw examples, resident in memory: nothing here is fitted to them.

    Args:
        inputs: float32; NaN means missing.
        targets: float32; class numbers 0 … k−1 for classification, the target's own unit for regression; NaN means
            that the example has no label for the task.  A task has as many columns as it has targets.
        groups: examples of one group never stand on both sides of a split; ``None``: every example is its own.
    """

    inputs: Float[Tensor, "n d"]
    targets: Float[Tensor, "n c"]
    groups: Int[Tensor, " n"] | None = None

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True)
class Development:
    """Everything that training may see: the tasks, and the examples that each seed splits into train and validation.

    Args:
        tasks: in the order of the target columns.
        examples: the pool.
        standardise: which input columns are standardised with their training split's mean and deviation; the others
            (pixels in 0…1, one-hot columns) are taken as they are, except that a column that is constant on the
            training split is silenced.
        validation_share: share of the pool, by groups, that validates.
        image: channels, height and width, where the inputs are the pixels of an image, channel by channel.
        own_inputs: whether the tasks have inputs of their own: every example belongs to one task and has its label
            alone, and a batch holds as many examples of each task.
        whole: labelled examples and tasks of the pool that :meth:`only` took these tasks from; ``None``: all are here.
        whole_labels: :attr:`labels` of the pool that :meth:`only` took these tasks from; ``None``: all are here.
        input_origin: float64, what was subtracted from the users' inputs; ``None``: nothing.
        target_origin: float64, the same of targets.
    """

    tasks: tuple[Task, ...]
    examples: Examples
    standardise: Bool[Tensor, " d"]
    validation_share: float = 0.2
    image: tuple[int, int, int] | None = None
    own_inputs: bool = False
    whole: tuple[int, int] | None = None
    whole_labels: Bool[Tensor, "n T"] | None = None
    input_origin: Float[Tensor, " d"] | None = None
    target_origin: Float[Tensor, " c"] | None = None

    def __post_init__(self) -> None:
        if (found := self.examples.targets.shape[1]) != (wanted := sum(task.num_targets for task in self.tasks)):
            raise ValueError(f"The tasks have {wanted} targets, the examples {found} columns of them.")
        if self.own_inputs and (self.labels.sum(dim=1) > 1).any():
            raise ValueError("Tasks with inputs of their own share no example: one label each.")
        if self.image is not None and math.prod(self.image) != self.num_inputs:
            raise ValueError(f"{self.num_inputs} input columns are no image of {self.image}.")

    @property
    def num_inputs(self) -> int:
        """Number of input columns."""
        return self.examples.inputs.shape[1]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an example: ``(columns,)``, or that of an image."""
        return self.image or (self.num_inputs,)

    @property
    def epoch(self) -> tuple[int, int]:
        """Labelled examples and tasks whose ratio is what an epoch draws of a task with inputs of its own."""
        return self.whole or (int(self.labels.any(dim=1).sum()), len(self.tasks))

    @property
    def labels(self) -> Bool[Tensor, "n t"]:
        """Which examples of the pool have a label of which task."""
        return labels(self.tasks, self.examples.targets)

    @property
    def labels_of_pool(self) -> Bool[Tensor, "n T"]:
        """:attr:`labels` of all tasks of the pool, those that :meth:`only` left behind among them."""
        return self.labels if self.whole_labels is None else self.whole_labels

    def only(self, *names: str) -> Development:
        """The same examples (so that a seed splits them alike) with the named tasks alone."""
        columns, by_name = columns_of_only(self.tasks, names), {task.name: task for task in self.tasks}
        examples = replace(self.examples, targets=self.examples.targets[:, columns].contiguous())
        tasks = tuple(by_name[name] for name in names)
        return replace(
            self,
            tasks=tasks,
            examples=examples,
            whole=self.epoch if self.own_inputs else None,
            whole_labels=self.labels_of_pool,
            target_origin=None if self.target_origin is None else self.target_origin[columns],
        )


@dataclass(frozen=True)
class TaskSet:
    """A named task set.

    Args:
        name: short; names the run directory.
        development: what trainers receive.
        test: what only the score phase opens.
        truth: what is known about generated data (relatedness, label correlations, which task is odd); else empty.
        remarks: what a user should know about the data: inferred kinds and why, dropped columns, rare labels.
    """

    name: str
    development: Development
    test: Examples
    truth: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks, in the order of the target columns."""
        return self.development.tasks

    def fingerprint(self) -> str:
        """A content hash over tasks, examples of both drawers and preprocessing: changed data, changed hash."""
        digest = hashlib.sha256(json.dumps([asdict(task) for task in self.tasks]).encode())
        facts = (self.development.validation_share, self.development.image, self.development.own_inputs)
        digest.update(repr(facts).encode())
        for examples in (self.development.examples, self.test):
            for part in (examples.inputs, examples.targets, examples.groups):
                digest.update(b"none" if part is None else part.contiguous().numpy().tobytes())
        digest.update(self.development.standardise.to(torch.uint8).numpy().tobytes())
        for origin in (self.development.input_origin, self.development.target_origin):
            if origin is not None:
                digest.update(origin.numpy().tobytes())
        return digest.hexdigest()[:16]
