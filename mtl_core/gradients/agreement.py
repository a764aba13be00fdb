"""Agreement of the tasks' gradients on two halves of a batch, by the formulas in :mod:`mtl_core.gradients.conflict`."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor


def agreement(
    first: Float[Tensor, "r t n"], second: Float[Tensor, "r t n"], labels: Int[Tensor, "r 2 t"]
) -> tuple[Float[Tensor, "r t"], Float[Tensor, "r t t"], Float[Tensor, "r t t"]]:
    """Return the norms, cosines and cosines across halves of the tasks' gradients in one stage.

    All are NaN for a task without labels; cosines also for a task whose gradient is zero.

    Args:
        first, second: the tasks' gradients on the two halves.
        labels: number of labels of each task in either half.
    """
    halves = (first, second)
    aa, ab, ba, bb = ((one @ other.transpose(1, 2)).double() for one in halves for other in halves)
    total = labels.sum(dim=1, keepdim=True)
    a, b = (labels / torch.where(total > 0, total, torch.nan)).double().unsqueeze(3).unbind(1)
    products = a * aa * a.mT + a * ab * b.mT + b * ba * a.mT + b * bb * b.mT
    norms = products.diagonal(dim1=1, dim2=2).clamp(min=0).sqrt()
    crossed = _cosines(ab, aa.diagonal(dim1=1, dim2=2).sqrt(), bb.diagonal(dim1=1, dim2=2).sqrt())
    return norms, _cosines(products, norms, norms), (crossed + crossed.mT) / 2


def _cosines(
    products: Float[Tensor, "r t t"], rows: Float[Tensor, "r t"], columns: Float[Tensor, "r t"]
) -> Float[Tensor, "r t t"]:
    lengths = rows.unsqueeze(2) * columns.unsqueeze(1)
    return products / torch.where(lengths > 0, lengths, torch.nan)
