"""Generated tasks whose relatedness is an option; the true facts are part of the task set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.errors import UserError
from mtl_core.randomness.seeding import generator
from mtl_core.tasks import TaskSource
from mtl_core.tasks.sources.directions import correlations, orthonormal, standardised

Kinds = Literal["regression", "classification", "mixed"]
FREQUENCIES, PHASES = (1.5, 3.0), (0.5, 2.0)
CYCLE = {
    "regression": ("regression",),
    "classification": ("binary", "multiclass"),
    "mixed": ("regression", "binary", "large regression", "multiclass"),
}
"""Kinds of successive tasks.  A ``large regression`` has a hundred times the scale, and a shift of 50."""
SCALE, SHIFT, NUM_CLASSES = 100.0, 50.0, 3
BOUNDS = {
    "num_examples": (50, 1_000_000),
    "num_test": (20, 1_000_000),
    "num_inputs": (1, 10_000),
    "num_related": (1, 100),
    "relatedness": (0, 1),
    "noise": (0, 10),
    "missing": (0, 0.9),
}


class Generated(TaskSource):
    """Generated tasks of a given relatedness: the cosine between the tasks' directions in input space.

    With orthonormal u_0, u_1, …, x ~ N(0, I) and relatedness rho:

        w_i = sqrt(rho) u_0 + sqrt(1 − rho) u_i        so that  cos(w_i, w_j) = rho  for i ≠ j
        y_i = w_i x + sum_m sin(alpha_m w_i x + beta_m), made standard, + noise

    The odd task has direction u_{T+1}, which no other task has a part of.  Classes are the halves, or thirds, of y.

    Source: J. Ma, Z. Zhao, X. Yi, J. Chen, L. Hong & E. Chi, "Modeling task relationships in multi-task learning with
    multi-gate mixture-of-experts", KDD 2018, section 3.2.

    Differs from the paper: any number of tasks; alpha = (1.5, 3) and beta = (0.5, 2) are fixed; the cosine of the
    directions is not the correlation of the labels, which is measured and reported with the task set.

    Args:
        num_examples: number of examples to develop on.
        num_test: number of examples to test on.
        num_inputs: number of inputs, at least one more than there are tasks.
        num_related: number of tasks besides the odd one.
        relatedness: cosine between the directions of related tasks, 0 … 1.
        kinds: ``regression``, ``classification`` (binary and 3 classes alternate) or ``mixed`` (scales differ as well).
        noise: standard deviation of the label noise, in standard deviations of the clean target.
        missing: share of the development labels that is removed at random.
        odd: whether an unrelated task is added, as the last one.
        seed: of directions, examples, noise and missing labels.

    Raises:
        UserError: when a number is out of range or the kinds are unknown.
    """

    def __init__(
        self,
        *,
        num_examples: int = 1000,
        num_test: int = 1000,
        num_inputs: int = 16,
        num_related: int = 4,
        relatedness: float = 0.8,
        kinds: Kinds = "regression",
        noise: float = 0.1,
        missing: float = 0.0,
        odd: bool = False,
        seed: int = 0,
    ) -> None:
        self.num_examples, self.num_test, self.num_inputs = num_examples, num_test, num_inputs
        self.num_related, self.relatedness, self.kinds = num_related, relatedness, kinds
        self.noise, self.missing, self.odd, self.seed = noise, missing, odd, seed
        self._check()

    def _check(self) -> None:
        for name, (low, high) in BOUNDS.items():
            if not low <= (value := getattr(self, name)) <= high:
                raise UserError(f"generated: {name}", f"is {value}.", f"Choose {low} to {high}.")
        if self.kinds not in get_args(Kinds):
            raise UserError("generated: kinds", f"is {self.kinds!r}.", f"Choose one of {', '.join(get_args(Kinds))}.")
        if self.num_inputs < (needed := self.num_tasks + 1):
            raise UserError("generated: num_inputs", f"is {self.num_inputs}.", f"These tasks need at least {needed}.")

    @property
    def num_tasks(self) -> int:
        """Number of tasks, the odd one included."""
        return self.num_related + int(self.odd)

    def build(self) -> TaskSet:
        """Return the task set; development and test examples come from one draw, so their scales agree."""
        sizes, directions = [self.num_examples, self.num_test], self._directions()
        inputs = self._normal("inputs", self.num_inputs)
        scores = standardised(wave(inputs @ directions)) + self.noise * self._normal("label noise", self.num_tasks)
        cycle = CYCLE[self.kinds]
        kinds = [cycle[i % len(cycle)] for i in range(self.num_tasks)]
        targets = torch.stack([self._label(*pair) for pair in zip(kinds, scores.T, strict=True)], dim=1).float()
        (x, x_test), (y, y_test) = inputs.float().split(sizes), targets.split(sizes)
        absent = torch.rand(y.shape, generator=generator(self.seed, "missing labels")) < self.missing
        tasks = tuple(_task(name, kind) for name, kind in zip(self._names(), kinds, strict=True))
        pool = Examples(x, torch.where(absent, torch.nan, y))
        return TaskSet(
            name="generated",
            development=Development(tasks, pool, standardise=torch.ones(self.num_inputs, dtype=torch.bool)),
            test=Examples(x_test, y_test),
            truth=self._truth(directions, scores),
        )

    def _normal(self, stream: str, num_columns: int) -> Float[Tensor, "n m"]:
        random = generator(self.seed, stream)
        return torch.randn(self.num_examples + self.num_test, num_columns, generator=random, dtype=torch.float64)

    def _names(self) -> Sequence[str]:
        return [f"related {i + 1}" for i in range(self.num_related)] + ["odd"] * self.odd

    def _directions(self) -> Float[Tensor, "d t"]:
        basis = orthonormal(self.num_inputs, 1 + self.num_tasks, generator(self.seed, "directions"))
        related = basis[:, 1 : 1 + self.num_related] * math.sqrt(1 - self.relatedness)
        return torch.cat([related + basis[:, :1] * math.sqrt(self.relatedness), basis[:, 1 + self.num_related :]], 1)

    def _label(self, kind: str, scores: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
        if kind == "large regression":
            return SHIFT + SCALE * scores
        if kind == "regression":
            return scores
        num_classes = 2 if kind == "binary" else NUM_CLASSES
        levels = torch.arange(1, num_classes, dtype=scores.dtype) / num_classes
        return torch.bucketize(scores.contiguous(), scores[: self.num_examples].quantile(levels)).double()

    def _truth(self, directions: Float[Tensor, "d t"], scores: Float[Tensor, "n t"]) -> dict[str, object]:
        return {
            "weights": directions.T.tolist(),
            "relatedness": self.relatedness,
            "label_correlation": correlations(scores),
            "odd": "odd" if self.odd else None,
        }


def wave(projection: Float[Tensor, "n t"]) -> Float[Tensor, "n t"]:
    """Return z + sum_m sin(alpha_m z + beta_m) of every projection z."""
    waves = (torch.sin(alpha * projection + beta) for alpha, beta in zip(FREQUENCIES, PHASES, strict=True))
    return projection + sum(waves)


def _task(name: str, kind: str) -> Task:
    if kind == "binary":
        return Task(name, "binary", "accuracy", 2)
    if kind == "multiclass":
        return Task(name, "multiclass", "accuracy", NUM_CLASSES)
    return Task(name, "regression", "mse")
