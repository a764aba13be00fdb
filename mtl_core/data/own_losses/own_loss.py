"""The loss of every example by a function of the user's own, for the replicas of a fused array at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from mtl_core.errors import UserError
from mtl_core.layers.uneven_operations import RecordedOperations
from mtl_core.registry import imported

TRIALS = ((33, 7), (5, 32), (5, 33)) * 3
"""Numbers of rows, and of examples a row, of the trials: odd and even, because kernels process tails separately.

Each comes several times with other numbers, because a tail that rounds differently does so for some numbers only.
"""


def own_losses(
    path: str, outputs: Float[Tensor, "r g c b"], labels: Shaped[Tensor, "r g *c b"], *, classes: bool
) -> Float[Tensor, "r g b"]:
    """Return each example's loss by the function that ``path`` names, whose code is imported here.

    The function gets the examples of all rows as one array, or those of one row after the other where the last bits of
    a loss would else depend on its neighbours.

    Args:
        path: ``package.module:name``.
        outputs: what the function sees of them, as :meth:`mtl_core.data.kinds.TaskKind.seen_by_own_loss` says.
        labels: likewise.
        classes: whether labels are numbers of classes.

    Raises:
        UserError: when the function cannot be imported.
    """
    function = own_function(path)
    rows, tasks, width, examples = outputs.shape
    seen = outputs.movedim(2, -1) if width > 1 else outputs.squeeze(2)
    labels = labels.movedim(2, -1) if labels.ndim > 3 else labels
    step = rows if runs_as_one(path, width, classes, labels.ndim > 3, seen.dtype, labels.dtype) else 1
    parts = zip(seen.split(step), labels.split(step), strict=True)
    found = [function(one.flatten(0, 2), own.flatten(0, 2)) for one, own in parts]
    return (found[0] if len(found) == 1 else torch.cat(found)).to(seen).view(rows, tasks, examples)


@cache
def own_function(path: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the function ``f(outputs, targets)`` that ``path`` names.

    Raises:
        UserError: when it cannot be imported, or is no function.
    """
    function: Any = imported(path, path)
    if not callable(function):
        raise UserError(path, f"it is {type(function).__name__} and no function.", "Name a function.")
    return function


@cache
def runs_as_one(path: str, width: int, classes: bool, vector: bool, dtype: torch.dtype, of_labels: torch.dtype) -> bool:
    """Return whether the bits of losses and gradients do not depend on what examples stand beside them in an array.

    Args:
        path: of the function.
        width: number of outputs of an example.
        classes: whether labels are numbers of classes.
        vector: whether a label is as wide as the outputs.
        dtype: of the outputs.
        of_labels: type of the labels.
    """
    chance = torch.Generator().manual_seed(0)
    wide = (width,) if width > 1 else ()
    with torch.enable_grad(), torch.random.fork_rng(devices=[]):
        for rows, examples in TRIALS:
            outputs = torch.randn(rows, examples, *wide, generator=chance, dtype=dtype)
            of_label = (rows, examples, *(wide if vector else ()))
            numbers = torch.rand(of_label, generator=chance)
            labels = (numbers * max(width, 2)).floor() if classes else numbers
            with RecordedOperations() as recorded:
                whole = _with_gradient(path, outputs.flatten(0, 1), labels.to(of_labels).flatten(0, 1))
            alone = [_with_gradient(path, *row) for row in zip(outputs, labels.to(of_labels), strict=True)]
            parts = map(torch.cat, zip(*alone, strict=True))
            same = (_same_bits(*pair) for pair in zip(whole, parts, strict=True))
            if recorded.uneven or not all(same):
                return False
    return True


def _with_gradient(path: str, outputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    leaf = outputs.clone().requires_grad_()
    losses = own_function(path)(leaf, labels.clone())
    (gradient,) = torch.autograd.grad(losses.sum(), leaf)
    return losses.detach(), gradient


def _same_bits(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, rtol=0.0, atol=0.0, equal_nan=True)
