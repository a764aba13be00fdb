"""One network, one task: the baseline."""

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
    """A network for one task alone, with its own tuning, batches and early stopping.

    The study trains one such replica for every task.  Its private copies start and drop units exactly like those of
    ``independent``, because streams are keyed by the task's name.

    Source: the baseline of every multi-task paper, from R. Caruana, "Multitask learning", Machine Learning 28, 1997.

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
