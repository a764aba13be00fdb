"""The residual network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Affine, ImageBackbone
from mtl_core.layers.bank import Copy, Theta
from mtl_core.layers.batch_norm import BatchNorm
from mtl_core.layers.conv import Convolution
from mtl_core.layers.forward_context import ForwardContext

if TYPE_CHECKING:
    from mtl_core.recipe import Recipe


class ResNet(ImageBackbone):
    """Residual stages: two 3 × 3 convolutions with batch norm, added to the stage's input, then ReLU.

    A stage is one basic block, h ← relu(norm(W₂ * relu(norm(W₁ * h))) + h), followed by dropout.  All but the first
    halve height and width by stride 2 while both are at least 4 pixels; where channels or size change, a 1 × 1
    convolution with batch norm replaces h in the sum (option B of the paper).

    A task descriptor enters the second convolution's output, as in FiLM's networks, but ahead of the norm, like every
    adaptation.  The batch statistics of a shared copy are those of all tasks together, so differences between tasks
    are still there behind the norm.

    Source: K. He et al., "Deep residual learning for image recognition", CVPR 2016, sections 3.2 and 3.3.

    Differs from the paper: no convolution before the first block, and the same number of channels in every stage, so
    that architectures can mix or compare the outputs of different stages.

    Args:
        pool: what the heads read: the ``mean`` over all places, or every place (``flatten``).
    """

    def __init__(
        self, inputs: Sequence[int], stages: int, width: int, *, pool: Literal["flatten", "mean"] = "mean"
    ) -> None:
        super().__init__(inputs, stages, width, pool=pool)

    def stage(self, level: int, copies: tuple[Copy, ...]) -> _Block:
        return _Block(self, level, copies)

    def shrunk(self, level: int, height: int, width: int) -> tuple[int, int]:
        return ((height + 1) // 2, (width + 1) // 2) if level else (height, width)

    @classmethod
    def why_infeasible(cls, recipe: Recipe, inputs: Sequence[int]) -> str | None:
        # a batch of one pixel has no variance, and the kernel for one place rounds by the position in the array
        if len(inputs) == 3 and math.prod(inputs[1:]) == 1:
            return "batch norm over places needs images of more than one pixel"
        return super().why_infeasible(recipe, inputs)


class _Block:
    def __init__(self, net: ResNet, level: int, copies: tuple[Copy, ...]) -> None:
        inputs, outputs, stride = net.channels_at(level - 1), net.width, 2 if net.shrinks(level) else 1
        self.copies = copies
        first = _Normed(f"stage{level}.first", copies, inputs, outputs, 3, stride)
        second = _Normed(f"stage{level}.second", copies, outputs, outputs, 3, 1)
        self._first, self._second, self._shortcut = first, second, None
        if inputs != outputs or stride > 1:
            self._shortcut = _Normed(f"stage{level}.shortcut", copies, inputs, outputs, 1, stride)
        parts = (first, second, self._shortcut) if self._shortcut else (first, second)
        self.conditioned: Affine = second.convolution
        self.layers: tuple[Affine, ...] = tuple(part.convolution for part in parts)
        self.slots = tuple(slot for part in parts for slot in part.slots)

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r c b i h w"], context: ForwardContext
    ) -> Float[Tensor, "r c b o p q"]:
        h = self._second(theta, torch.relu(self._first(theta, x, context)), context)
        h = torch.relu(h + (self._shortcut(theta, x, context) if self._shortcut else x))
        return context.drop(h, self.copies)


class _Normed:
    """A convolution and its batch norm, before which a bias has no effect and is left out."""

    def __init__(
        self, name: str, copies: tuple[Copy, ...], inputs: int, outputs: int, kernel: int, stride: int
    ) -> None:
        self.convolution = Convolution(name, copies, inputs, outputs, kernel, stride, bias=False)
        self._norm = BatchNorm(f"{name}.norm", copies, outputs)
        self.slots = self.convolution.slots + self._norm.slots

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r c b i h w"], context: ForwardContext
    ) -> Float[Tensor, "r c b o p q"]:
        return self._norm(theta, self.convolution(theta, x, context.adapt), context.training)
