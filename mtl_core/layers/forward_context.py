"""What a forward pass knows beside parameters and inputs, in evaluation or in a training step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Copy, Theta
from mtl_core.layers.dropout import Noise
from mtl_core.randomness.counter_based import Streams


class Adapter(Protocol):
    """What an architecture does to the pre-activation of an affine layer, before norm and activation."""

    def __call__(self, layer: object, theta: Theta, x: Tensor, y: Tensor) -> Tensor:
        """``y``, the output of ``layer`` for ``x``, changed; both as the layer itself sees them."""
        ...


@dataclass(frozen=True)
class ForwardContext:
    """Everything that a forward pass knows beside parameters and inputs.

    Args:
        training: batch norms take the batch's statistics, penalties are noted.
        noise: dropout masks of the step; ``None``: nothing is dropped.
        progress: share of its training that each row has behind it, ``[r]``.
        options: tuning hyperparameters of the architecture that rows set, ``[r]`` each.
        streams: random numbers of the step.
        penalties: what the architecture adds to the objective of each row, ``[r]`` each; noted in passing.
        adapt: applied by every affine layer.
    """

    training: bool = False
    noise: Noise | None = None
    progress: Float[Tensor, " r"] | None = None
    options: Mapping[str, Float[Tensor, " r"]] = field(default_factory=dict)
    streams: Streams | None = None
    penalties: list[Float[Tensor, " r"]] = field(default_factory=list)
    adapt: Adapter | None = None

    def drop(self, h: Float[Tensor, "r c b *f"], copies: tuple[Copy, ...]) -> Float[Tensor, "r c b *f"]:
        """``h`` after dropout."""
        return self.noise(h, copies) if self.noise else h

    def adapted(self, adapt: Adapter) -> ForwardContext:
        """A copy of this context in which affine layers apply ``adapt``."""
        return replace(self, adapt=adapt)


EVALUATION = ForwardContext()
"""No noise, nothing noted."""
