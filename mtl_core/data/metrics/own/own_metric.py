"""A metric that is a function of the user's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.kinds import kind_named
from mtl_core.data.metrics import Metric
from mtl_core.data.metrics.own.delete_a_group import block_influence, influence_by_groups
from mtl_core.data.task import Task
from mtl_core.errors import UserError
from mtl_core.registry import imported


class OwnMetric(Metric):
    """A function ``f(targets, predictions)`` that a dotted path names, with the value of perfect predictions.

    ``targets`` are numbers ``[n]`` or class numbers ``[n]``, and ``predictions`` numbers in the target's own unit
    ``[n]``, probabilities of the second of two classes ``[n]``, or of every class ``[n, k]``; all are arrays of NumPy.
    The function returns one number, or NaN where the examples leave it undefined, and has an attribute ``perfect``.
    Its code is imported when a value is asked for, and not before.  What examples contribute is found by leaving out
    blocks of them, see :mod:`mtl_core.data.metrics.own.delete_a_group`; blocks keep groups whole.
    """

    path: ClassVar[str] = ""
    """Dotted path of the function, ``package.module:name``; each has a class of its own."""
    kinds = ("binary", "count", "multiclass", "ordinal", "regression")

    @property
    def perfect(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride] - it is known when code may run
        """Value of the metric for perfect predictions, as the function's attribute ``perfect`` says."""
        return _function(self.path)[1]

    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the outputs and the target of every example."""
        return torch.cat([outputs, targets.unsqueeze(2).to(outputs.dtype)], dim=2)

    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the function's value on each set of examples.

        Raises:
            UserError: when the function does not return a number.
        """
        sets = counted.expand(kept.shape[:-2] + kept.shape[-1:]).reshape(-1, kept.shape[-1])
        rows = kept.reshape(-1, *kept.shape[-2:])
        values = [self._value(task, row[:, own]) for row, own in zip(rows, sets, strict=True)]
        return torch.tensor(values, dtype=kept.dtype).to(kept.device).view(kept.shape[:-2])

    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return what every example contributes, by blocks."""
        return block_influence(lambda own: self._value(task, kept[:, own]), kept.shape[1])

    def influence_by_groups(self, task: Task, kept: Float[Tensor, "s n"], groups: Int[Tensor, " n"]) -> Tensor:
        """Return what every example contributes where whole ``groups`` were drawn, [n]."""
        return influence_by_groups(lambda own: self._value(task, kept[:, own]), groups)

    def _value(self, task: Task, kept: Float[Tensor, "s n"]) -> float:
        if not kept.shape[1] or not kept.isfinite().all():
            return math.nan
        function, _ = _function(self.path)
        return as_number(function(*_arrays(task, kept)), self.path)


def as_number(value: Any, path: str) -> float:
    """Return what a function returned as a number; NaN for an infinite one.

    Raises:
        UserError: when it is no number.
    """
    array = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)
    if array.size != 1 or array.dtype.kind not in "fiub":
        what = f"an array of shape {array.shape}" if array.ndim else f"{type(value).__name__} {str(value)[:40]!r}"
        raise UserError(path, f"the metric returned {what}.", "Return one number for all examples together.")
    number = float(array.reshape(()))
    return number if math.isfinite(number) else math.nan


def _arrays(task: Task, kept: Float[Tensor, "s n"]) -> tuple[np.ndarray, np.ndarray]:
    """Targets and predictions as the function gets them; copies, so that it may change them."""
    outputs, targets = kept[:-1].double().cpu(), kept[-1].double().cpu().numpy()
    if not task.has_classes:
        return targets + task.origin, outputs[0].numpy() + task.origin
    standards = torch.zeros(1), torch.ones(1)  # classes have none
    predicted = kind_named(task.kind).prediction(task, outputs, standards, False)
    return targets.astype(np.int64), predicted.numpy().copy()


@cache
def _function(path: str) -> tuple[Callable[..., Any], float]:
    """The function, and its value for perfect predictions.

    Raises:
        UserError: when it cannot be imported or called, or does not say what a perfect prediction has.
    """
    function = imported(path, path)
    if not callable(function):
        raise UserError(path, f"it is {type(function).__name__} and no function.", "Name a function.")
    perfect = getattr(function, "perfect", None)
    if not isinstance(perfect, int | float) or not math.isfinite(perfect):
        name = path.partition(":")[2]
        found = f"it does not say what perfect predictions have (perfect is {perfect!r})."
        raise UserError(path, found, f"Write {name}.perfect = 1.0, or another number, below the function.")
    return function, float(perfect)
