"""Gradient surgery: task gradients corrected by one another, computed from their inner products alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.randomness.counter_based import Streams

Correction = Callable[[Float[Tensor, "r t 1"], Float[Tensor, "r t 1"], Int[Tensor, "r t 1"]], Float[Tensor, "r t 1"]]
"""Function of (inner product, squared norm, partner) that gives the multiple of the partner's unit gradient to add; see
:func:`corrected_coefficients`."""


def random_order(tasks: Sequence[Task], streams: Streams) -> Int[Tensor, "r t t"]:
    """Draw for each task a random order of all tasks.

    The order depends on the tasks' names, not on their places in ``tasks``.

    Args:
        tasks: the tasks of the network.
        streams: random numbers of the step.

    Returns:
        In entry [r, i, k] the place of the task that is k-th in the order of task i.
    """
    names = [f"{task.name}\x1f{partner.name}" for task in tasks for partner in tasks]
    return streams.uniform(names).unflatten(1, (len(tasks), len(tasks))).argsort(dim=2)


def norms_and_cosines(gramian: Float[Tensor, "r t t"]) -> tuple[Float[Tensor, "r t"], Float[Tensor, "r t t"]]:
    """Return the norms of the task gradients and the cosines between them; 0 where a gradient vanishes.

    The data type stays that of ``gramian`` and absent tasks are treated like the others, unlike in
    :func:`mtl_core.weighting.solvers.gramian.normalised`.
    """
    norms = gramian.diagonal(dim1=1, dim2=2).sqrt()
    divisor = torch.where(norms == 0, 1.0, norms)
    return norms, (gramian / divisor.unsqueeze(1) / divisor.unsqueeze(2)).clamp(-1, 1)


def correcting_pairs(norms: Float[Tensor, "r t"], present: Bool[Tensor, "r t"]) -> Bool[Tensor, "r t t"]:
    """Return which pairs of tasks correct each other: different ones that are present and have a gradient.

    Args:
        norms: norms of the task gradients.
        present: which tasks take part in the step.
    """
    taking_part = present & (norms != 0)
    other = ~torch.eye(norms.shape[1], dtype=torch.bool, device=norms.device)
    return taking_part.unsqueeze(2) & taking_part.unsqueeze(1) & other


def corrected_coefficients(
    cosines: Float[Tensor, "r t t"],
    order: Int[Tensor, "r t t"],
    pairs: Bool[Tensor, "r t t"],
    correction: Correction,
) -> Float[Tensor, "r t t"]:
    """Return the coefficients C of the corrected gradients Σ_j C_ij u_j, where u_j are the task gradients of norm 1.

    The gradient of task i begins as u_i and is corrected by the u_j in the order of i: ``correction`` gives the
    multiple of u_j to add, from the inner product of u_j with the gradient of i as corrected so far, the squared norm
    of the latter, and j.  The k-th corrections of all tasks are computed at once.

    Args:
        cosines: inner products of the u_j.
        order: for each task the order of its partners, see :func:`random_order`.
        pairs: which tasks correct which; elsewhere nothing is added.
        correction: the rule of the method.
    """
    size = cosines.shape[2]
    products = cosines
    square = cosines.diagonal(dim1=1, dim2=2).unsqueeze(2)
    added = []
    for partner in order.split(1, dim=2):
        product = products.gather(2, partner)
        amount = torch.where(pairs.gather(2, partner), correction(product, square, partner), 0.0)
        square = (square + amount * (2 * product + amount)).clamp(min=0)
        products = products + amount * cosines.gather(1, partner.expand(-1, -1, size))
        added.append(amount)
    own = torch.eye(size, dtype=cosines.dtype, device=cosines.device)
    return own + torch.zeros_like(cosines).scatter(2, order, torch.cat(added, dim=2))


def total_weights(
    coefficients: Float[Tensor, "r t t"], norms: Float[Tensor, "r t"], present: Bool[Tensor, "r t"]
) -> Float[Tensor, "r t"]:
    """Return the weights of the task gradients in the sum of the corrected gradients, each at its task's norm.

    Args:
        coefficients: C of :func:`corrected_coefficients`.
        norms: norms of the task gradients.
        present: which tasks take part in the step; the others have weight 0.
    """
    weights = torch.bmm(norms.unsqueeze(1), coefficients).squeeze(1) / torch.where(norms == 0, 1.0, norms)
    return torch.where(present, torch.where(norms == 0, 1.0, weights), 0.0)
