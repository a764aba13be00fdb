"""The task descriptor beside the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone, extend
from mtl_core.data.task_set import Development
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.bank import SHARED, Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.registry import find
from mtl_core.sharing import Chain, Sharing
from mtl_core.sharing.blocks.task_descriptors import descriptor_matrix, invalid_descriptors


class Concat(Sharing):
    """A single network serves all tasks; the task descriptor is concatenated to its inputs.

    h_1 = s(W [x; z_i] + b) for task i with descriptor z_i; all later stages are shared, and so is the head where the
    tasks' outputs agree in kind and size (else heads are private).  z_i stands in further columns of x, or in further
    channels that are constant over an image.  With W = [W_x W_z] this is ``additive``.

    Source: CS330 (Stanford), "Multi-task learning basics": concatenation-based conditioning.

    Differs from the source: nothing.

    Args:
        descriptors: task name → its descriptor z, all of one length; ``None``: one-hot.
    """

    uses_depth = False
    shares_head = True

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int | None,
        *,
        descriptors: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        matrix = descriptor_matrix(tasks, descriptors)
        self._z = FixedTensor(matrix)
        self._inputs = backbone.inputs
        super().__init__(backbone.extended(matrix.shape[1]), tasks, depth)
        self.network = Chain(self.backbone, range(backbone.num_stages), (SHARED,))
        self.parts = (self.network,)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        extended = extend(x, self._z, self._inputs)
        return self.network(theta, self.backbone.enter(extended), context)

    def apart(self, signals: int) -> bool:
        return self.network.stateless

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        tasks, descriptors = [task.name for task in development.tasks], recipe.sharing_options.get("descriptors")
        reason = super().why_infeasible(recipe, development) or invalid_descriptors(tasks, descriptors)
        if reason:
            return reason
        first, *places = development.shape
        longer = (first + descriptor_matrix(tasks, descriptors).shape[1], *places)
        reason = find("backbones", recipe.backbone).cls.why_infeasible(recipe, longer)
        return f"with task descriptors beside the inputs: {reason}" if reason else None
