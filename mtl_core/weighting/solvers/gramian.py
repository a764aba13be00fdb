"""A Gramian taken apart into cosines and norms, which no scale of a task can spoil."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting import State

RIDGE = 1e-12
"""Added to a diagonal of ones: far above what rounding does to it in float64, far below what a method can notice."""
COARSE_RIDGE = 1e-5
"""For a row that is not positive semi-definite, as single precision leaves it when gradients depend on each other."""


@dataclass(frozen=True)
class Unit:
    """A Gramian of unit gradients, and how long the gradients are.

    Args:
        cosines: between task gradients; rows and columns are 0 where a task is not ``alive``.
        norms: of the task gradients; 0 where a task is not ``alive``.
        inverse: 1 / norms; 0 where a task is not ``alive``.
        alive: which tasks are present and have a gradient.
        finite: which rows have nothing but numbers; what is none in the others is 0 here.
    """

    cosines: Float[Tensor, "r t t"]
    norms: Float[Tensor, "r t"]
    inverse: Float[Tensor, "r t"]
    alive: Bool[Tensor, "r t"]
    finite: Bool[Tensor, " r"]


def unit(gramian: Float[Tensor, "r t t"], present: Bool[Tensor, "r t"]) -> Unit:
    """The parts of ``gramian``, in float64."""
    gramian = gramian.double()
    total = gramian.sum(dim=(1, 2))
    finite = total - total == 0
    gramian = gramian.nan_to_num(0.0, 0.0, 0.0)
    norms = gramian.diagonal(dim1=1, dim2=2).sqrt()
    alive = (norms > 0) & present
    dead = ~alive
    inverse = norms.reciprocal().masked_fill_(dead, 0.0)
    cosines = gramian * inverse.unsqueeze(1)
    cosines *= inverse.unsqueeze(2)
    return Unit(cosines, norms.masked_fill_(dead, 0.0), inverse, alive, finite)


def ridged(matrix: Float[Tensor, "n t t"]) -> Float[Tensor, "n t t"]:
    """A positive definite matrix near one of cosines, whose diagonal is 1, or 0 where a task is not alive."""
    near = matrix.clone()
    diagonal = near.diagonal(dim1=1, dim2=2)
    diagonal.add_((diagonal == 0).double() + RIDGE)
    indefinite = torch.linalg.cholesky_ex(near).info > 0
    near.diagonal(dim1=1, dim2=2).add_(indefinite.double().unsqueeze(1) * COARSE_RIDGE)
    return near


def counter(replicas: int) -> State:
    """The state of a method that counts the steps at which its solver failed."""
    return {"unconverged": torch.zeros(replicas, dtype=torch.int64)}


def returned(
    weights: Float[Tensor, "r t"], parts: Unit, present: Bool[Tensor, "r t"], like: Tensor
) -> Float[Tensor, "r t"]:
    """Weights as a method returns them: exactly 0 where a task is absent, NaN in a row whose Gramian is."""
    weights = weights.masked_fill(~present, 0.0).masked_fill(~parts.finite.unsqueeze(1), torch.nan)
    return weights.to(like.dtype)


def count(state: State, solved: Bool[Tensor, " r"]) -> None:
    """Count a step against the rows that were not solved."""
    state["unconverged"] += (~solved).to(torch.int64)


def column(option: float | Float[Tensor, "r 1"]) -> float | Float[Tensor, "r 1"]:
    """A hyperparameter in float64."""
    return option.double() if isinstance(option, Tensor) else float(option)
