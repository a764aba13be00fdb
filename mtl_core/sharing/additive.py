"""The task descriptor as a shift of pre-activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Affine, Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import SHARED, Theta, uniform
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.sharing import Chain, Sharing, split, unadaptable
from mtl_core.sharing.blocks.task_descriptors import (
    Descriptors,
    TaskVectors,
    along,
    descriptor_matrix,
    invalid_descriptors,
)


class Additive(Sharing):
    """A single network serves all tasks; a linear map of the task descriptor is added to its first pre-activations.

    h_1 = s(W_x x + W_z z_i + b) for task i with descriptor z_i; all later stages are shared, and so is the head where
    the tasks' outputs agree in kind and size (else heads are private).  W_z starts as further columns of W_x would:
    U(−n^−½, n^−½), n being the inputs of a unit and the length of z_i together.  With one-hot z_i, W_z z_i is a bias
    of the task's own.

    Source: CS330 (Stanford), "Multi-task learning basics": additive conditioning.

    Differs from the source: nothing; there it is shown to be the same as ``concat``.

    Args:
        descriptors: task name → its descriptor z, all of one length; ``None``: one-hot.
        every_stage: whether the pre-activations of every stage are shifted, not those of the first alone.
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
        every_stage: bool = False,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.network = Chain(backbone, range(backbone.num_stages), (SHARED,))
        conditioned = [stage.conditioned for stage in (self.network.stages if every_stage else self.network.stages[:1])]
        self.shifts = {layer.name: _shift(layer, tasks, descriptors) for layer in conditioned}
        self.parts = (self.network, *self.shifts.values())

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        shifts = {layer: shift(theta) for layer, shift in self.shifts.items()}

        def shifted(layer: Any, theta: Theta, x: Tensor, y: Tensor) -> Tensor:
            if layer.name not in shifts:
                return y
            own = split(y, len(self.tasks))
            return (own + along(shifts[layer.name], own, layer.feature_axis)).view_as(y)

        signals = self.backbone.enter(x.expand(-1, len(self.tasks), -1, -1))
        return self.network(theta, signals, context.adapted(shifted))

    def apart(self, signals: int) -> bool:
        return self.network.stateless

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        tasks, descriptors = [task.name for task in development.tasks], recipe.sharing_options.get("descriptors")
        reason = super().why_infeasible(recipe, development) or unadaptable(recipe)
        return reason or invalid_descriptors(tasks, descriptors)


def _shift(layer: Affine, tasks: Sequence[str], descriptors: Descriptors | None) -> TaskVectors:
    inputs = layer.weight.numel // layer.outputs + descriptor_matrix(tasks, descriptors).shape[1]
    return TaskVectors(f"{layer.name}.descriptor", tasks, descriptors, layer.outputs, partial(uniform, inputs**-0.5))
