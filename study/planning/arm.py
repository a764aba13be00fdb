"""An arm: one combination of the levels of the study's factors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from analysis.records.unshared import SINGLE_TASK

INDEPENDENT, HARD, BRANCH = "independent", "hard", "branch"
PARAMETERS = "parameters"
NORM = "norm"
"""Name among a replica's hyperparameters of its backbone's norm, where a study chooses among several."""
PER_TASK = ("fixed", "scheduled")
"""Weighting methods with a weight for each task among their options."""
EQUAL = {"weighting": "equal", "scale": "matched", "gradients": PARAMETERS, "gramian_rows": None}
"""Levels of a baseline's weighting."""


@dataclass(frozen=True)
class Arm:
    """An arm: one level of every factor.

    Args:
        sharing: an architecture of the registry.
        depth: number of shared stages; ``None`` where the word makes no sense.
        stages: number of stages of the backbone.
        width: units per stage.
        backbone, weighting, scale, optimiser: names of the registry; scale is ``matched`` or ``native``.
        gradients, gramian_rows: where the weighting method takes inner products of task gradients (``parameters``,
            ``last_stage`` or ``representation``), and on how many examples of a batch (``None``: all).
        train_fraction: share of the training split that is used.
        capacity: width of the fully shared reference that this arm is as large as, where its own width was matched;
            its baselines have the reference's width.
        without: tasks that are no part of the network, since they are to be trained alone.
    """

    sharing: str
    depth: int | None
    stages: int
    width: int
    backbone: str = "mlp"
    weighting: str = "equal"
    scale: str = "matched"
    gradients: str = PARAMETERS
    gramian_rows: int | None = None
    optimiser: str = "adamw"
    train_fraction: float = 1.0
    capacity: int | None = None
    without: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Short name for people; never parsed, since the levels are columns of the records."""
        depth = "" if self.sharing in (SINGLE_TASK, INDEPENDENT) or self.depth is None else f" d{self.depth}"
        weighting = "" if self.sharing == SINGLE_TASK else f" {self.weighting}"
        extras = [
            "" if self.gradients == PARAMETERS else f" at the {self.gradients.replace('_', ' ')}",
            "" if self.gramian_rows is None else f" on {self.gramian_rows} rows",
            "" if self.scale == "matched" else f" {self.scale}",
            "" if self.backbone == "mlp" else f" {self.backbone}",
            f" {self.optimiser}",
            "" if self.train_fraction == 1 else f" {self.train_fraction:g} of the data",
            f" without {', '.join(self.without)}" if self.without else "",
        ]
        matched = "" if self.capacity is None else f" as w{self.capacity}"
        return f"{self.sharing}{depth} w{self.width}{matched} l{self.stages}{weighting}{''.join(extras)}"

    @property
    def is_single_task(self) -> bool:
        """Whether every task has a training run of its own."""
        return self.sharing == SINGLE_TASK

    @property
    def names_its_tasks(self) -> bool:
        """Whether an option says something of every task, in a tree or as weights, so that none can be left out."""
        return self.sharing == BRANCH or self.weighting in PER_TASK

    def levels(self) -> dict[str, Any]:
        """Return the levels by factor: the factor columns of the records."""
        return {factor: level for factor, level in self.identity().items() if factor != "without"}

    def identity(self) -> dict[str, Any]:
        """Return all that tells the arm from others: the levels by factor, and the tasks that it leaves out."""
        whole = vars(self) | {"capacity": self.capacity or self.width, "without": list(self.without)}
        return whole if self.without else {name: value for name, value in whole.items() if name != "without"}

    def tasks(self, tasks: Iterable[str]) -> tuple[str, ...]:
        """Return those of ``tasks`` that the arm's networks learn."""
        return tuple(task for task in tasks if task not in self.without)

    def unmatched(self, **changes: Any) -> Arm:
        """Return the arm with ``changes``, for all tasks and at the reference's width."""
        return replace(self, width=self.capacity or self.width, capacity=None, without=(), **changes)

    def each(self) -> Arm:
        """Return the baseline ``each``: single-task networks of the same backbone and width."""
        return self.unmatched(sharing=SINGLE_TASK, depth=None, **EQUAL)

    def loop(self) -> Arm:
        """Return the baseline ``loop``: private networks inside the same multi-task loop."""
        return self.unmatched(sharing=INDEPENDENT, depth=0, **EQUAL)


def levels_of(arms: Iterable[Arm], factor: str) -> list[Any]:
    """Return the levels that ``arms`` have of a factor, each once, in an order that is always the same."""
    return sorted({arm.levels()[factor] for arm in arms}, key=lambda level: (str(type(level)), level))
