"""A network for one task alone: the single-task baseline."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Theta, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.sharing import Chain, Sharing


class SingleTask(Sharing):
    """Every task is trained alone, with its own tuning, batches and early stopping: the single-task baseline.

    The study trains one such replica for every task.  Its initialisation and dropout masks are those of the task's
    network in ``independent``, because random streams are keyed by the task's name.

    Source: R. Caruana, "Multitask learning", Machine Learning 28, 1997 (the usual baseline of multi-task papers).

    Differs from the source: nothing.
    """

    uses_depth = False

    def __init__(self, backbone: Backbone, tasks: Sequence[str], depth: int | None) -> None:
        super().__init__(backbone, tasks, depth)
        self.network = Chain(backbone, range(backbone.num_stages), private(tasks))
        self.parts = (self.network,)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r 1 b d"], context: ForwardContext
    ) -> Float[Tensor, "r 1 b *f"]:
        return self.network(theta, self.backbone.enter(x), context)

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        alone = len(development.tasks) == 1
        return None if alone else "a single-task network is built for one task at a time"
