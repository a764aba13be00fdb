"""Linear combinations of signals: across tasks, across sub-spaces of their features, across stages."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Copy, Slot, Theta
from mtl_core.layers.linear import Linear


def mix(weights: Float[Tensor, "r n m"], signals: Float[Tensor, "r m *f"]) -> Float[Tensor, "r n *f"]:
    """Every row of the weights gives a combination of the signals, as one batched product."""
    product = weights.bmm(signals.reshape(*signals.shape[:2], -1))
    return product.view(*product.shape[:2], *signals.shape[2:])


def own_examples(h: Float[Tensor, "r t gb *f"], signals: int) -> Float[Tensor, "r t b *f"]:
    """Of what each task's copy makes of all tasks' examples, those of the task; one signal is everybody's."""
    if signals == 1:
        return h
    return h.unflatten(2, (signals, -1)).diagonal(dim1=1, dim2=2).movedim(-1, 1).contiguous()


def own_first(rows: Float[Tensor, "r t t *w"]) -> Float[Tensor, "r t t *w"]:
    """The matrix A[i, j] of rows that begin with their own entry: rows[i, 0] is A[i, i], rows[i, n] is A[i, i + n].

    All copies of a bank start alike and do not know their place; told from their own, all tasks' rows *are* alike.
    """
    tasks = rows.shape[1]
    places = [[row * tasks + (column - row) % tasks for column in range(tasks)] for row in range(tasks)]
    index = torch.tensor(places, device=rows.device).flatten()
    return rows.flatten(1, 2).index_select(1, index).view(rows.shape)


def near_one(own: float, places: int) -> Float[Tensor, " n"]:
    """``own`` at the first place, the rest of 1 evenly on the others."""
    weights = torch.full((places,), (1 - own) / max(places - 1, 1))
    weights[0] = own if places > 1 else 1.0
    return weights


class Stitch:
    """h_i,a ← Σ_jb A_ia,jb h_j,b for tasks i, j and sub-spaces a, b of the feature axis; A starts near the identity.

    Rows of A are kept own task first, see :func:`own_first`, a copy for each task.

    Source: S. Ruder et al., "Latent multi-task architecture learning", AAAI 2019; with one sub-space I. Misra
    et al., "Cross-stitch networks for multi-task learning", CVPR 2016, eq. 1.

    Args:
        name: of the layer.
        copies: one for each task.
        subspaces: equal parts of the feature axis.
        feature_axis: of the signals.
        own: weight of a sub-space's own signal at the start; the others share the rest of 1 evenly.
    """

    def __init__(
        self, name: str, copies: tuple[Copy, ...], subspaces: int = 1, feature_axis: int = -1, own: float = 0.9
    ) -> None:
        self.subspaces, self._feature_axis = subspaces, feature_axis
        shape = (subspaces, len(copies), subspaces)
        self.weight = Slot(f"{name}.weight", copies, shape, lambda _: _subspace_start(own, *shape))
        self.slots = (self.weight,)

    def matrix(self, theta: Theta) -> Float[Tensor, "r ts ts"]:
        """A, by task and then by sub-space."""
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
    """Every sub-space's row of A: its own signal, which the first task's place holds, and all others."""
    weights = torch.full((subspaces, tasks, others), (1 - own) / max(tasks * others - 1, 1))
    weights[:, 0].fill_diagonal_(own)
    return weights


class ChannelStitch:
    """h_i ← Σ_j A_ij ⊙ h_j with a matrix for every feature; A starts near the identity.

    Source: I. Misra et al., "Cross-stitch networks for multi-task learning", CVPR 2016, eq. 1 and section 4.

    Args:
        name: of the layer.
        copies: one for each task.
        features: size of the feature axis.
        feature_axis: of the signals.
        own: weight of a task's own signal at the start; the others share the rest of 1 evenly.
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
        """A for every feature."""
        return own_first(theta[self.weight])

    def __call__(self, theta: Theta, h: Float[Tensor, "r t b *f"]) -> Float[Tensor, "r t b *f"]:
        weights = self.matrix(theta).movedim(3, 1).flatten(0, 1)
        by_feature = h.movedim(self._feature_axis, 1)
        mixed = mix(weights, by_feature.flatten(0, 1)).view(by_feature.shape)
        return mixed.movedim(1, self._feature_axis % h.ndim).contiguous()


class LayerMixture:
    """h_i = Σ_l β_il h_i^l over several stages' outputs; β starts near the last one.

    Where a stage has another number of features than the last, an affine map of the task's own brings them to it.

    Source: S. Ruder et al., "Latent multi-task architecture learning", AAAI 2019.

    Args:
        name: of the layer.
        copies: one for each task.
        features: of the stages, in order.
        feature_axis: of the signals.
        last: β of the last stage at the start; the others share the rest of 1 evenly.
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
        """The mixture of outputs ``[r t b *f]`` that stand at the same places."""
        axis = self._feature_axis
        fitted = [
            h if layer is None else layer(theta, h.movedim(axis, -1)).movedim(-1, axis)
            for layer, h in zip(self._projections, outputs, strict=True)
        ]
        stacked = torch.stack(fitted, dim=2).flatten(0, 1)
        return mix(theta[self.weight].flatten(0, 1).unsqueeze(1), stacked).view(outputs[-1].shape)
