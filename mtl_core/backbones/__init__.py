"""Backbones, one a file: what a stage computes, independent of which tasks share it.

A signal is ``[r, c, b, *f]``: features alone, ``[r c b d]``, channels before their places, ``[r c b d h w]``, or
tokens, ``[r c b n d]``.  :attr:`Backbone.feature_axis` is the position of the features.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.bank import Copy, Slot, Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.pooling import average_pool
from mtl_core.registry import find

if TYPE_CHECKING:
    from mtl_core.recipe import Recipe


class Correction(Protocol):
    """A learned addition to an affine layer's pre-activation that is zero at initialisation.

    Attributes:
        rank: of the addition, at most that of the layer itself.
    """

    rank: int

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Parameters of the correction."""
        ...

    def __call__(self, theta: Theta, x: Tensor) -> Tensor:
        """Return what is added to the pre-activation for the layer's input ``x``."""
        ...


class Affine(Protocol):
    """A layer with a pre-activation that a sharing architecture may change.

    Attributes:
        name: of the layer, unique in the network.
        outputs: number of features of the pre-activation.
        feature_axis: position of the features in the pre-activation.
        weight: the parameter that maps inputs to outputs; the outputs are its last dimension (linear layers) or its
            first (convolutions).
    """

    name: str
    outputs: int
    feature_axis: int
    weight: Slot

    def low_rank(self, copies: tuple[Copy, ...], rank: int) -> Correction:
        """Return a bank of corrections of rank ``rank``, or of the layer's full rank, one for each of ``copies``."""
        ...


class Stage(Protocol):
    """A bank of copies of one stage.

    Attributes:
        copies: of the bank.
        slots: parameters and buffers of the stage, in forward order.
        layers: affine layers of the stage, in forward order; each passes its pre-activation through ``context.adapt``.
        conditioned: the affine layer whose pre-activation a task descriptor enters.
    """

    copies: tuple[Copy, ...]
    slots: tuple[Slot, ...]
    layers: tuple[Affine, ...]
    conditioned: Affine

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r c b *i"], context: ForwardContext
    ) -> Float[Tensor, "r c b *o"]:
        """Return the stage's output."""
        ...


class Backbone(ABC):
    """Base class of the backbones: it makes the stages of a network.

    Args:
        inputs: shape of an example: ``(columns,)``, or ``(channels, height, width)``.
        stages: number of stages.
        width: units, channels or token features per stage.
    """

    feature_axis: ClassVar[int] = -1
    adaptable: ClassVar[bool] = True
    """Whether the stages name their affine layers, and these pass their pre-activations through ``context.adapt``."""
    draws_streams: ClassVar[bool] = False
    """Whether the stages draw from ``context.streams`` by the names of their copies."""
    follows_precision: ClassVar[bool] = True
    """Whether the stages' products are those of :mod:`mtl_core.layers`, which follow the precision of the recipe."""

    def __init__(self, inputs: Sequence[int], stages: int, width: int, **options: Any) -> None:
        self.inputs, self.num_stages, self.width = tuple(inputs), stages, width
        self._options = options

    @abstractmethod
    def stage(self, level: int, copies: tuple[Copy, ...]) -> Stage:
        """Return the stage at ``level`` (0 … stages − 1) as a bank of ``copies``."""

    @property
    @abstractmethod
    def num_features(self) -> int:
        """Number of features that the heads read."""

    @property
    def num_inputs(self) -> int:
        """Number of values in a flat example."""
        return math.prod(self.inputs)

    def enter(self, x: Float[Tensor, "r c b d"]) -> Float[Tensor, "r c b *i"]:
        """Return flat examples in the shape that the first stage takes."""
        return x

    def leave(self, h: Float[Tensor, "r c b *f"]) -> Float[Tensor, "r c b d"]:
        """Return the last stage's output in the shape that the heads take."""
        return h

    def channels_at(self, level: int) -> int:
        """Return the size of the feature axis behind the stage at ``level``; −1: of the first stage's input."""
        return self.num_inputs if level < 0 else self.width

    def fit_to(self, h: Float[Tensor, "r c b *f"], level: int) -> Float[Tensor, "r c b *f"]:
        """Return an earlier stage's output pooled to the places of the stage at ``level``, with the same features."""
        return h

    def extended(self, extra: int) -> Backbone:
        """Return the same backbone for ``extra`` further input features (columns or channels), see :func:`extend`."""
        first, *places = self.inputs
        return type(self)((first + extra, *places), self.num_stages, self.width, **self._options)

    def remarks(self) -> tuple[str, ...]:
        """Return sentences about this backbone that the plan shows to the user."""
        return ()

    @classmethod
    def why_infeasible(cls, recipe: Recipe, inputs: Sequence[int]) -> str | None:
        """Return why this backbone cannot be built with this recipe for examples of this shape, or ``None``."""
        return None


def backbone_of(recipe: Recipe, inputs: Sequence[int]) -> Backbone:
    """Return the backbone of ``recipe`` for examples of the shape ``inputs``."""
    return find("backbones", recipe.backbone).cls(inputs, recipe.stages, recipe.width, **recipe.backbone_options)


class ImageBackbone(Backbone):
    """Base class of backbones whose signals are images (channels before places) that stages may shrink.

    Args:
        inputs: channels, height and width of an example.
        stages: number of stages.
        width: channels per stage.
        pool: what the heads read: ``flatten``, every channel at every place, or ``mean``, every channel's mean.
    """

    feature_axis = 3
    SHORTEST: ClassVar[int] = 4
    """Shortest side, in pixels, of an image that a stage still shrinks; so at least 2 × 2 places are always left."""

    def __init__(self, inputs: Sequence[int], stages: int, width: int, *, pool: str, **options: Any) -> None:
        super().__init__(inputs, stages, width, pool=pool, **options)
        self._pool = pool

    @abstractmethod
    def shrunk(self, level: int, height: int, width: int) -> tuple[int, int]:
        """Return height and width behind the stage at ``level`` for an image that is large enough to shrink."""

    def places_at(self, level: int) -> tuple[int, int]:
        """Return height and width behind the stage at ``level``; −1: of the first stage's input."""
        _, height, width = self.inputs
        for earlier in range(level + 1):
            if min(height, width) >= self.SHORTEST:
                height, width = self.shrunk(earlier, height, width)
        return height, width

    def shrinks(self, level: int) -> bool:
        """Return whether the stage at ``level`` shrinks its input."""
        return self.places_at(level) != self.places_at(level - 1)

    @property
    def num_features(self) -> int:
        last = self.num_stages - 1
        return self.channels_at(last) * (math.prod(self.places_at(last)) if self._pool == "flatten" else 1)

    def channels_at(self, level: int) -> int:
        return self.inputs[0] if level < 0 else self.width

    def enter(self, x: Float[Tensor, "r c b d"]) -> Float[Tensor, "r c b d h w"]:
        return x.unflatten(-1, self.inputs)

    def leave(self, h: Float[Tensor, "r c b d h w"]) -> Float[Tensor, "r c b d"]:
        return (h.flatten(3) if self._pool == "flatten" else h.flatten(4).mean(dim=-1)).contiguous()

    def fit_to(self, h: Float[Tensor, "r c b d h w"], level: int) -> Float[Tensor, "r c b d p q"]:
        return average_pool(h, self.places_at(level))

    @classmethod
    def why_infeasible(cls, recipe: Recipe, inputs: Sequence[int]) -> str | None:
        if len(inputs) != 3:
            return f"{recipe.backbone} needs images, and the examples are rows of a table"
        return super().why_infeasible(recipe, inputs)


def extend(x: Float[Tensor, "r c b d"], more: FixedTensor, inputs: Sequence[int]) -> Float[Tensor, "r c b d+e*hw"]:
    """Return flat examples with further features that are constant for each signal: columns, or maps of an image.

    Args:
        x: examples; a single signal is repeated for each row of ``more``.
        more: the further features of each signal, ``[c, e]``.
        inputs: shape of an example before the extension.
    """
    replicas, _, examples, _ = x.shape
    features = more.like(x)
    signals, maps = len(features), features.repeat_interleave(math.prod(inputs[1:]), dim=1)
    return torch.cat(
        [x.expand(-1, signals, -1, -1), maps.view(1, signals, 1, -1).expand(replicas, -1, examples, -1)], dim=3
    )
