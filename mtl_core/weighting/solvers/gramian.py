"""The Gramian of the task gradients as cosines and norms, so that no task's scale costs precision."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

RIDGE = 1e-12
"""Number added to a diagonal of ones: far above float64's rounding error, far below what changes a method's result."""
COARSE_RIDGE = 1e-5
"""Ridge of a row that is not positive semi-definite, as float32 can leave it when gradients are linearly dependent."""


@dataclass(frozen=True)
class NormalisedGramian:
    """The Gramian of r replicas' task gradients, normalised to unit gradients, and the gradients' norms.

    A task is *alive* where it is present and its gradient is not zero.  All numbers are float64.

    Args:
        cosines: cosines between the task gradients, ``[r, t, t]``; 0 in the rows and columns of tasks not alive.
        norms: norms of the task gradients, ``[r, t]``; 0 for tasks not alive.
        inverse: 1 / norms, ``[r, t]``; 0 for tasks not alive.
        alive: which tasks are present and have a gradient, ``[r, t]``.
        finite: which replicas' Gramians are finite, ``[r]``; in the others NaN and infinity were replaced by 0.
    """

    cosines: Float[Tensor, "r t t"]
    norms: Float[Tensor, "r t"]
    inverse: Float[Tensor, "r t"]
    alive: Bool[Tensor, "r t"]
    finite: Bool[Tensor, " r"]


def normalised(gramian: Float[Tensor, "r t t"], present: Bool[Tensor, "r t"]) -> NormalisedGramian:
    """Return the cosines and norms of the task gradients whose inner products are ``gramian``, in float64.

    Args:
        gramian: inner products of the task gradients.
        present: which tasks take part in the step.
    """
    gramian = gramian.double()
    total = gramian.sum(dim=(1, 2))
    finite = total - total == 0
    gramian = gramian.nan_to_num(0.0, 0.0, 0.0)
    norms = gramian.diagonal(dim1=1, dim2=2).sqrt()
    alive = (norms > 0) & present
    not_alive = ~alive
    inverse = norms.reciprocal().masked_fill_(not_alive, 0.0)
    cosines = gramian * inverse.unsqueeze(1)
    cosines *= inverse.unsqueeze(2)
    return NormalisedGramian(cosines, norms.masked_fill_(not_alive, 0.0), inverse, alive, finite)


def ridged(matrix: Float[Tensor, "n t t"]) -> Float[Tensor, "n t t"]:
    """Return matrices of cosines with a ridge on the diagonal that makes them positive definite.

    The ridge is :data:`RIDGE`, and :data:`COARSE_RIDGE` more where a Cholesky factorisation fails nevertheless.

    Args:
        matrix: cosines; the diagonal is 1, or 0 where a task is not alive, which becomes 1.
    """
    near = matrix.clone()
    diagonal = near.diagonal(dim1=1, dim2=2)
    diagonal.add_((diagonal == 0).double() + RIDGE)
    indefinite = torch.linalg.cholesky_ex(near).info > 0
    near.diagonal(dim1=1, dim2=2).add_(indefinite.double().unsqueeze(1) * COARSE_RIDGE)
    return near


def final_weights(
    weights: Float[Tensor, "r t"], parts: NormalisedGramian, present: Bool[Tensor, "r t"], like: Tensor
) -> Float[Tensor, "r t"]:
    """Return weights as a method hands them on: 0 for absent tasks, NaN in rows whose Gramian is not finite.

    Args:
        weights: the solver's result, float64.
        parts: the Gramian that it was computed from.
        present: which tasks take part in the step.
        like: a tensor of the data type to return.
    """
    weights = weights.masked_fill(~present, 0.0).masked_fill(~parts.finite.unsqueeze(1), torch.nan)
    return weights.to(like.dtype)


def in_float64(option: float | Float[Tensor, "r 1"]) -> float | Float[Tensor, "r 1"]:
    """Return a hyperparameter, a number or a column of one number per replica, in float64."""
    return option.double() if isinstance(option, Tensor) else float(option)
