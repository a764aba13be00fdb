"""A task set: tasks and their examples, with the test split kept apart from the development pool."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.column_facts import ColumnFacts
from mtl_core.data.examples import Examples
from mtl_core.data.input_column import InputColumn
from mtl_core.data.metrics import is_mean
from mtl_core.data.needed_labels import needed_labels
from mtl_core.data.pool_checks import refuse_odd_examples, refuse_odd_lengths
from mtl_core.data.remark import Remark
from mtl_core.data.target_columns import columns_of_only, labels, only_counted
from mtl_core.data.task import Task


@dataclass(frozen=True)
class Development:
    """The part of a task set that training may see: tasks, and the pool that each seed splits for validation.

    Args:
        tasks: in the order of the target columns.
        examples: the pool.
        standardise: which input columns are standardised with their training split's mean and deviation; the others
            (pixels in 0…1, one-hot columns) are taken as they are, except that a column that is constant on the
            training split is set to 0.
        validation_share: share of the pool, by groups, that is used for validation.
        image: channels, height and width, where the inputs are the pixels of an image, channel by channel.
        own_inputs: whether the tasks have inputs of their own: every example then belongs to one task and has a label
            of that task alone, and a batch holds the same number of examples of each task.
        whole: :attr:`epoch` of the pool from which :meth:`only` took these tasks; ``None``: these are all tasks.
        whole_labels: :attr:`labels_of_pool` of the pool from which :meth:`only` took these tasks; ``None``: these are
            all tasks.
        input_origin: float64, what was subtracted from the users' inputs; ``None``: nothing.
        target_origin: float64, what was subtracted from the users' targets; ``None``: nothing.
        folds: outer fold of every example, 0 … K−1; a seed neither trains nor validates on the fold that it is judged
            on, see :meth:`is_judged`.  ``None``: the pool holds no example that judges.
        weights_judge: whether the examples' weights count in metrics as well as in losses.
        scale_by_channel: whether all pixels of an image's channel have one mean and deviation, where inputs are
            standardised.
        validates: which examples validate, whatever the seed, where the user gave them; ``None``: seeds draw them.

    Raises:
        ValueError: when targets, labels, weights, masks or the image's size do not fit the tasks and inputs.
    """

    tasks: tuple[Task, ...]
    examples: Examples
    standardise: Bool[Tensor, " d"]
    validation_share: float = 0.2
    image: tuple[int, int, int] | None = None
    own_inputs: bool = False
    whole: tuple[int, int] | None = None
    whole_labels: Bool[Tensor, "n m"] | None = None
    input_origin: Float[Tensor, " d"] | None = None
    target_origin: Float[Tensor, " c"] | None = None
    folds: Int[Tensor, " n"] | None = None
    weights_judge: bool = False
    validates: Bool[Tensor, " n"] | None = None
    scale_by_channel: bool = False

    def __post_init__(self) -> None:
        refuse_odd_examples(self.tasks, self.examples)
        masks = {"folds": self.folds, "validates": self.validates, "whole_labels": self.whole_labels}
        refuse_odd_lengths(len(self.examples), "examples", masks)
        by_input = {"standardise": self.standardise, "input_origin": self.input_origin}
        refuse_odd_lengths(self.num_inputs, "input columns", by_input)
        refuse_odd_lengths(self.examples.targets.shape[1], "targets", {"target_origin": self.target_origin})
        if self.weights_judge and (odd := [task.metric for task in self.tasks if not is_mean(task.metric)]):
            raise ValueError(f"The weights of examples count in means over examples alone, not in {odd[0]}.")
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
        """Shape of an example: ``(columns,)``, or ``(channels, height, width)`` of an image."""
        return self.image or (self.num_inputs,)

    @property
    def epoch(self) -> tuple[int, int]:
        """Numbers of examples that train and of tasks; their ratio is the number of examples of a task in an epoch.

        Only tasks with inputs of their own use this ratio.
        """
        return self.whole or (int(self.labels_in_loss.any(dim=1).sum()), len(self.tasks))

    @property
    def labels(self) -> Bool[Tensor, "n t"]:
        """Mask of the pool's examples that have a label of each task."""
        return labels(self.tasks, self.examples.targets)

    @property
    def targets_in_loss(self) -> Float[Tensor, "n c"]:
        """The pool's targets, NaN where they weigh 0: what training, and all that is fitted for it, sees of them."""
        return only_counted(self.tasks, self.examples.targets, self.examples.weights)

    @property
    def labels_in_loss(self) -> Bool[Tensor, "n t"]:
        """Mask of the pool's labels that count in the training loss of each task, as those of weight 0 do not."""
        return labels(self.tasks, self.targets_in_loss)

    @property
    def labels_in_metric(self) -> Bool[Tensor, "n t"]:
        """Mask of the pool's labels that count in the metric of each task: where weights do not judge all labels."""
        return self.labels_in_loss if self.weights_judge else self.labels

    @property
    def labels_of_pool(self) -> Bool[Tensor, "n m"]:
        """Masks of examples of which training and validation need some each: first :attr:`labels_in_loss`.

        Behind them, for every classification task with a metric that is not known without a rarer class, its labels
        outside the most frequent one.  Tasks that :meth:`only` left behind are among them.
        """
        return needed_labels(self.tasks, self.targets_in_loss) if self.whole_labels is None else self.whole_labels

    @property
    def num_folds(self) -> int:
        """Number of outer folds; 1 where the pool has none."""
        return 1 if self.folds is None else int(self.folds.max()) + 1

    def is_judged(self, seed: int) -> Bool[Tensor, " n"] | None:
        """Return the mask of the pool's examples that judge the networks of ``seed``: those of fold seed mod K.

        ``None`` without outer folds: a test split of its own judges.
        """
        return None if self.folds is None else self.folds == seed % self.num_folds

    def only(self, *names: str) -> Development:
        """Return the same pool with the named tasks alone; a seed splits its examples in the same way.

        Raises:
            KeyError: for a name that is no task.
        """
        columns, by_name = columns_of_only(self.tasks, names), {task.name: task for task in self.tasks}
        examples = self.examples.only(self.tasks, names)
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
        name: short name, also of the run directory.
        development: the part that training may see.
        test: the test examples, which only the score phase opens.
        truth: known facts of generated data (relatedness, label correlations, the odd task); else empty.
        remarks: on the data, with those first that could change most: leaks, codes for missing, dropped columns, kinds.
        columns: facts about the columns of a user's table, or the targets among arrays; empty for other task sets.
        test_is_drawn: whether the test examples were drawn at random from the same rows as the pool, so that another
            draw would serve as well; ``False``: somebody decided what the tasks are tested on.
        input_columns: how each input column of a user's table becomes numbers; empty for other task sets.
    """

    name: str
    development: Development
    test: Examples
    truth: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    columns: tuple[ColumnFacts, ...] = ()
    test_is_drawn: bool = False
    input_columns: tuple[InputColumn, ...] = ()

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks, in the order of the target columns."""
        return self.development.tasks

    def fingerprint(self) -> str:
        """Return a content hash of tasks, development and test examples, and preprocessing options."""
        digest = hashlib.sha256(json.dumps([_facts_of(task) for task in self.tasks]).encode())
        facts = (self.development.validation_share, self.development.image, self.development.own_inputs)
        digest.update(repr(facts).encode())
        for examples in (self.development.examples, self.test):
            for part in (examples.inputs, examples.targets, examples.groups):
                digest.update(b"none" if part is None else part.contiguous().numpy().tobytes())
        digest.update(self.development.standardise.to(torch.uint8).numpy().tobytes())
        for origin in (self.development.input_origin, self.development.target_origin):
            if origin is not None:
                digest.update(origin.numpy().tobytes())
        if self.development.folds is not None:
            digest.update(self.development.folds.numpy().tobytes())
        if self.development.scale_by_channel:
            digest.update(b"scaled by channel")
        if self.development.validates is not None:
            digest.update(b"validates" + self.development.validates.numpy().tobytes())
        for examples in (self.development.examples, self.test):
            if examples.weights is not None:
                digest.update(f"weights, judging: {self.development.weights_judge}".encode())
                digest.update(examples.weights.contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]


def _facts_of(task: Task) -> dict[str, Any]:
    """What the fingerprint knows of a task; an option that is not used is left out, as before there was one."""
    unused = {"class_weight": None, "loss": None, "origin": 0.0}
    return {name: value for name, value in asdict(task).items() if name not in unused or value != unused[name]}
