"""Hard parameter sharing."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.layers.bank import SHARED, Theta, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.sharing import Chain, Sharing


class Hard(Sharing):
    """All tasks share the first stages (the trunk); later stages and heads are private to each task.

    With k = ``depth`` shared stages h_k = f_k(… f_1(x)) and y_i = head_i(f_L^i(… f_{k+1}^i(h_k))).  For k = 0 this is
    ``independent``; for k = L it is the multi-head network.

    Source: R. Caruana, "Multitask learning: a knowledge-based source of inductive bias", ICML 1993.

    Differs from the paper: nothing; the paper's networks have one hidden stage, k = L = 1.
    """

    def __init__(self, backbone: Backbone, tasks: Sequence[str], depth: int) -> None:
        super().__init__(backbone, tasks, depth)
        self.trunk = Chain(backbone, range(depth), (SHARED,))
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        self.parts = (self.trunk, self.towers)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r g b *f"]:
        return self.trunk(theta, self.backbone.enter(x), context)

    def apart(self, signals: int) -> bool:
        return self.trunk.stateless and signals > 1
