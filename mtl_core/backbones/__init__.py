"""Backbones, one a file: what a stage computes, whoever shares it.

A signal is ``[r, c, b, *f]``: features alone, ``[r c b d]``, channels before their places, ``[r c b d h w]``, or
tokens, ``[r c b n d]``.  Where the features stand is :attr:`Backbone.feature_axis`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Copy, Slot, Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.pooling import average_pool
from mtl_core.registry import find

if TYPE_CHECKING:
    from mtl_core.recipe import Recipe


class Correction(Protocol):
    """What is added to an affine layer's pre-activation, zero at the start."""

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Its parameters."""
        ...

    def __call__(self, theta: Theta, x: Tensor) -> Tensor:
        """The correction for the layer's input."""
        ...


class Affine(Protocol):
    """A layer with a pre-activation, which an architecture may adapt.

    Attributes:
        name: of the layer, unique in the network.
        outputs: features of the pre-activation.
        feature_axis: where they stand in it.
        weight: the parameter that maps inputs to outputs, whose last dimension is the outputs' (linear layers) or whose
            first is (convolutions).
    """

    name: str
    outputs: int
    feature_axis: int
    weight: Slot

    def low_rank(self, copies: tuple[Copy, ...], rank: int) -> Correction:
        """Corrections of rank ``rank`` to this layer, a bank of their own."""
        ...


class Stage(Protocol):
    """A bank of copies of one stage.

    Attributes:
        copies: of the bank.
        slots: its parameters and buffers, in forward order.
        layers: its affine layers, in forward order; each passes its pre-activation through ``context.adapt``.
        conditioned: the one whose pre-activation a task descriptor enters.
    """

    copies: tuple[Copy, ...]
    slots: tuple[Slot, ...]
    layers: tuple[Affine, ...]
    conditioned: Affine

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r c b *i"], context: ForwardContext
    ) -> Float[Tensor, "r c b *o"]:
        """The stage's output."""
        ...


class Backbone(ABC):
    """A chain of stages.

    Args:
        inputs: shape of an example: ``(columns,)``, or ``(channels, height, width)``.
        stages: number of stages.
        width: units, channels or token features per stage.
    """

    feature_axis: ClassVar[int] = -1
    adaptable: ClassVar[bool] = True
    """Whether its stages name their affine layers, and these pass their pre-activations through ``context.adapt``."""

    def __init__(self, inputs: Sequence[int], stages: int, width: int, **options: Any) -> None:
        self.inputs, self.num_stages, self.width = tuple(inputs), stages, width
        self._options = options

    @abstractmethod
    def stage(self, level: int, copies: tuple[Copy, ...]) -> Stage:
        """The stage at ``level`` (0 … stages − 1), as a bank of the copies."""

    @property
    @abstractmethod
    def num_features(self) -> int:
        """Features that the heads see."""

    @property
    def num_inputs(self) -> int:
        """Numbers in an example."""
        return math.prod(self.inputs)

    def enter(self, x: Float[Tensor, "r c b d"]) -> Float[Tensor, "r c b *i"]:
        """Flat examples in the form that the first stage takes."""
        return x

    def leave(self, h: Float[Tensor, "r c b *f"]) -> Float[Tensor, "r c b d"]:
        """The last stage's output in the form that the heads take."""
        return h

    def channels_at(self, level: int) -> int:
        """Size of the feature axis behind the stage at ``level``; −1: of what enters the first."""
        return self.num_inputs if level < 0 else self.width

    def fit_to(self, h: Float[Tensor, "r c b *f"], level: int) -> Float[Tensor, "r c b *f"]:
        """An earlier stage's output, pooled to the places of the one at ``level``; features stay as they are."""
        return h

    def extended(self, extra: int) -> Backbone:
        """The same backbone for ``extra`` further input features (columns, or channels), see :func:`extend`."""
        first, *places = self.inputs
        return type(self)((first + extra, *places), self.num_stages, self.width, **self._options)

    def remarks(self) -> tuple[str, ...]:
        """What the plan should tell the user."""
        return ()

    @classmethod
    def why_infeasible(cls, recipe: Recipe, inputs: Sequence[int]) -> str | None:
        """Why this backbone cannot be built with this recipe for examples of this shape, or ``None``."""
        return None


def backbone_of(recipe: Recipe, inputs: Sequence[int]) -> Backbone:
    """The backbone of ``recipe`` for examples of this shape."""
    return find("backbones", recipe.backbone).cls(inputs, recipe.stages, recipe.width, **recipe.backbone_options)


class ImageBackbone(Backbone):
    """A backbone whose signals are images, channels before places, which stages may shrink.

    Args:
        pool: what the heads see: ``flatten``, every channel at every place, or ``mean``, every channel's mean.
    """

    feature_axis = 3
    SHORTEST: ClassVar[int] = 4
    """A stage shrinks images whose sides are at least so long; so at least 2 × 2 places are left, however deep."""

    def __init__(self, inputs: Sequence[int], stages: int, width: int, *, pool: str) -> None:
        super().__init__(inputs, stages, width, pool=pool)
        self._pool = pool

    @abstractmethod
    def shrunk(self, level: int, height: int, width: int) -> tuple[int, int]:
        """What the stage at ``level`` makes of images that are not too small to shrink."""

    def places_at(self, level: int) -> tuple[int, int]:
        """Height and width behind the stage at ``level``; −1: of what enters the first."""
        _, height, width = self.inputs
        for earlier in range(level + 1):
            if min(height, width) >= self.SHORTEST:
                height, width = self.shrunk(earlier, height, width)
        return height, width

    def shrinks(self, level: int) -> bool:
        """Whether the stage at ``level`` does."""
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


def extend(
    x: Float[Tensor, "r c b d"], more: Float[Tensor, "c e"], inputs: Sequence[int]
) -> Float[Tensor, "r c b d+e*hw"]:
    """Flat examples with further features, constant for each signal: columns, or constant maps of an image.

    Args:
        x: examples; a single signal is repeated for each row of ``more``.
        more: the further features of each signal.
        inputs: shape of an example before.
    """
    replicas, _, examples, _ = x.shape
    maps = more.repeat_interleave(math.prod(inputs[1:]), dim=1).to(x)
    signals = len(more)
    return torch.cat(
        [x.expand(-1, signals, -1, -1), maps.view(1, signals, 1, -1).expand(replicas, -1, examples, -1)], dim=3
    )
