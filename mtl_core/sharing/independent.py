"""Private networks inside one multi-task training loop."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.layers.bank import Theta, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.sharing import Chain, Sharing


class Independent(Sharing):
    """Every task has a private network and nothing is shared; all are trained in one loop on common batches.

    y = Σ_j 1(z = j) f_j(x) with the one-hot task descriptor z: the extreme case of multiplicative conditioning, in
    which no parameter is shared.  As the baseline ``loop`` it separates the effect of sharing from the effect of
    training all tasks in one loop.

    Source: CS330 (Stanford), "Multi-task learning basics".

    Differs from the source: nothing.
    """

    uses_depth = False

    def __init__(self, backbone: Backbone, tasks: Sequence[str], depth: int | None) -> None:
        super().__init__(backbone, tasks, depth)
        self.networks = Chain(backbone, range(backbone.num_stages), private(tasks))
        self.parts = (self.networks,)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        return self.networks(theta, self.backbone.enter(x), context)
