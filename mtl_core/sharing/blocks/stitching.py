"""Learned linear combinations of signals: across tasks, across sub-spaces of features, and across stages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.bank import Copy, Slot, Theta
from mtl_core.layers.linear import Linear


def mix(weights: Float[Tensor, "r n m"], signals: Float[Tensor, "r m *f"]) -> Float[Tensor, "r n *f"]:
    """Return the n linear combinations of m signals that the rows of ``weights`` define, by one batched product."""
    product = weights.bmm(signals.reshape(*signals.shape[:2], -1))
    return product.view(*product.shape[:2], *signals.shape[2:])


def own_examples(h: Float[Tensor, "r t gb *f"], signals: int) -> Float[Tensor, "r t b *f"]:
    """Return the part of every copy's output that belongs to the copy's own task.

    Args:
        h: output of each task's copy for the examples of all tasks, one after the other.
        signals: number of input signals; with 1 all tasks have the same examples and ``h`` is returned as it is.
    """
    if signals == 1:
        return h
    return h.unflatten(2, (signals, -1)).diagonal(dim1=1, dim2=2).movedim(-1, 1).contiguous()


def own_first(rows: Float[Tensor, "r t t *w"]) -> Float[Tensor, "r t t *w"]:
    """Return the matrix A[i, j] whose rows are stored own entry first: rows[i, n] is A[i, (i + n) mod t].

    All copies of a bank have the same initial value; in this order the same row serves every task.
    """
    tasks = rows.shape[1]
    return rows.flatten(1, 2).index_select(1, _own_first(tasks).at(rows.device)).view(rows.shape)


@cache
def _own_first(tasks: int) -> FixedTensor:
    return FixedTensor([row * tasks + (column - row) % tasks for row in range(tasks) for column in range(tasks)])


def near_one(own: float, places: int) -> Float[Tensor, " n"]:
    """Return ``places`` weights that sum to 1: ``own`` first, the rest spread evenly over the others."""
    weights = torch.full((places,), (1 - own) / max(places - 1, 1))
    weights[0] = own if places > 1 else 1.0
    return weights


class Stitch:
    """Cross-stitch unit, h_i,a ← Σ_jb A_ia,jb h_j,b for tasks i, j and sub-spaces a, b of the feature axis.

    A starts near the identity.  Each task's copy holds its rows of A own task first, see :func:`own_first`.

    Source: S. Ruder et al., "Latent multi-task architecture learning", AAAI 2019; with one sub-space I. Misra
    et al., "Cross-stitch networks for multi-task learning", CVPR 2016.

    Args:
        name: of the layer.
        copies: one for each task.
        subspaces: number of equal parts of the feature axis.
        feature_axis: position of the features in the signals.
        own: initial weight of a sub-space's own signal; the others share the rest of 1 evenly.
    """

    def __init__(
        self, name: str, copies: tuple[Copy, ...], subspaces: int = 1, feature_axis: int = -1, own: float = 0.9
    ) -> None:
        self.subspaces, self._feature_axis = subspaces, feature_axis
        shape = (subspaces, len(copies), subspaces)
        self.weight = Slot(f"{name}.weight", copies, shape, lambda _: _subspace_start(own, *shape))
        self.slots = (self.weight,)

    def matrix(self, theta: Theta) -> Float[Tensor, "r ts ts"]:
        """Return the matrix A; rows and columns are ordered by task, then by sub-space."""
        rows = theta[self.weight]
        tasks, parts = rows.shape[1:3]
        numbers = torch.arange(rows[0].numel(), device=rows.device).view(1, tasks, parts, tasks, parts)
        index = own_first(numbers.transpose(2, 3)).transpose(2, 3).flatten()
        return rows.flatten(1).index_select(1, index).view(len(rows), tasks * parts, -1)

    def __call__(self, theta: Theta, h: Float[Tensor, "r t b *f"]) -> Float[Tensor, "r t b *f"]:
        weights = self.matrix(theta)
        if self.subspaces == 1:
            return mix(weights, h)
        axis = self._feature_axis % h.ndim
        parts = h.unflatten(axis, (self.subspaces, -1)).movedim(axis, 2)
        mixed = mix(weights, parts.flatten(1, 2)).view(parts.shape)
        return mixed.movedim(2, axis).reshape(h.shape)


def _subspace_start(own: float, subspaces: int, tasks: int, others: int) -> Tensor:
    """The initial row of A of every sub-space; the own task stands first."""
    weights = torch.full((subspaces, tasks, others), (1 - own) / max(tasks * others - 1, 1))
    weights[:, 0].fill_diagonal_(own)
    return weights


class ChannelStitch:
    """Cross-stitch unit with a matrix for every feature, h_i ← Σ_j A_ij ⊙ h_j; A starts near the identity.

    Source: I. Misra et al., "Cross-stitch networks for multi-task learning", CVPR 2016: unit and initialisation.

    Args:
        name: of the layer.
        copies: one for each task.
        features: number of features.
        feature_axis: position of the features in the signals.
        own: initial weight of a task's own signal; the others share the rest of 1 evenly.
    """

    def __init__(
        self, name: str, copies: tuple[Copy, ...], features: int, feature_axis: int = -1, own: float = 0.9
    ) -> None:
        self._feature_axis, tasks = feature_axis, len(copies)
        self.weight = Slot(
            f"{name}.weight", copies, (tasks, features), lambda _: near_one(own, tasks).unsqueeze(1).repeat(1, features)
        )
        self.slots = (self.weight,)

    def matrix(self, theta: Theta) -> Float[Tensor, "r t t d"]:
        """Return the matrix A of every feature, which is the last dimension."""
        return own_first(theta[self.weight])

    def __call__(self, theta: Theta, h: Float[Tensor, "r t b *f"]) -> Float[Tensor, "r t b *f"]:
        weights = self.matrix(theta).movedim(3, 1).flatten(0, 1)
        by_feature = h.movedim(self._feature_axis, 1)
        mixed = mix(weights, by_feature.flatten(0, 1)).view(by_feature.shape)
        return mixed.movedim(1, self._feature_axis % h.ndim).contiguous()


class LayerMixture:
    """Task-specific mixture of several stages' outputs, h_i = Σ_l β_il h_i^l; β starts near the last stage.

    A private affine map converts the output of a stage that has another number of features than the last one.

    Source: S. Ruder et al., "Latent multi-task architecture learning", AAAI 2019.

    Args:
        name: of the layer.
        copies: one for each task.
        features: numbers of features of the stages, in order.
        feature_axis: position of the features in the signals.
        last: initial β of the last stage; the others share the rest of 1 evenly.
    """

    def __init__(
        self, name: str, copies: tuple[Copy, ...], features: Sequence[int], feature_axis: int = -1, last: float = 0.9
    ) -> None:
        self._feature_axis, stages = feature_axis, len(features)
        self.weight = Slot(f"{name}.weight", copies, (stages,), lambda _: near_one(last, stages).flip(0))
        self._projections = [
            None if size == features[-1] else Linear(f"{name}.projection{place}", copies, size, features[-1])
            for place, size in enumerate(features)
        ]
        self.slots = (self.weight, *(slot for layer in self._projections if layer for slot in layer.slots))

    def __call__(self, theta: Theta, outputs: Sequence[Tensor]) -> Float[Tensor, "r t b *f"]:
        """Return each task's mixture of the stages' ``outputs``, each ``[r t b *f]`` with the same places."""
        axis = self._feature_axis
        fitted = [
            h if layer is None else layer(theta, h.movedim(axis, -1)).movedim(-1, axis)
            for layer, h in zip(self._projections, outputs, strict=True)
        ]
        stacked = torch.stack(fitted, dim=2).flatten(0, 1)
        return mix(theta[self.weight].flatten(0, 1).unsqueeze(1), stacked).view(outputs[-1].shape)
