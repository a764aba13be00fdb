"""The task descriptor as a gate on pre-activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import SHARED, Theta, constant, normal
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.sharing import Chain, Sharing, split, unadaptable
from mtl_core.sharing.blocks.task_descriptors import TaskVectors, along, invalid_descriptors


class Multiplicative(Sharing):
    """A single network serves all tasks; a function of the task descriptor scales its pre-activations (like FiLM).

    h_l = s((W_x h_{l−1} + b) · γ_i + β_i) with γ_i = 1 + W_γ z_i and β_i = W_β z_i for task i with descriptor z_i, or
    β_i = 0 without ``shift``.  All stages are shared, and so is the head where the tasks' outputs agree in kind and
    size (else heads are private).  W_γ starts from N(0, 0.1²), so gates start near 1, and W_β at 0.  With gates that
    open another block of units for each task this is ``independent``; with gates that open the same block for all
    tasks in the first stages it is ``hard``.

    Source: CS330 (Stanford), "Multi-task learning basics": multiplicative conditioning; E. Perez et al., "FiLM: visual
    reasoning with a general conditioning layer", AAAI 2018: the affine map of the features, with γ = 1 + Δγ.

    Differs from the paper: the lecture's gate is W_z z, without the 1.  For one-hot z the two are the same family of
    functions, W_z = 1 + W_γ; but here weight decay and a small step lead to a network that all tasks share, not to
    one that is switched off.  z_i is projected once, where the paper's descriptor comes from a recurrent network.

    Args:
        descriptors: task name → its descriptor z, all of one length; ``None``: one-hot.
        shift: whether the shift β is learned as well.
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
        shift: bool = False,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.network = Chain(backbone, range(backbone.num_stages), (SHARED,))
        layers = [stage.conditioned for stage in self.network.stages]
        self.gates = {
            layer.name: TaskVectors(f"{layer.name}.gate", tasks, descriptors, layer.outputs, partial(normal, 0.1))
            for layer in layers
        }
        self.shifts = {
            layer.name: TaskVectors(f"{layer.name}.shift", tasks, descriptors, layer.outputs, partial(constant, 0.0))
            for layer in layers
            if shift
        }
        self.parts = (self.network, *self.gates.values(), *self.shifts.values())

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        gates = {layer: 1 + gate(theta) for layer, gate in self.gates.items()}
        shifts = {layer: shift(theta) for layer, shift in self.shifts.items()}

        def gated(layer: Any, theta: Theta, x: Tensor, y: Tensor) -> Tensor:
            if layer.name not in gates:
                return y
            own = split(y, len(self.tasks))
            own = own * along(gates[layer.name], own, layer.feature_axis)
            if layer.name in shifts:
                own = own + along(shifts[layer.name], own, layer.feature_axis)
            return own.view_as(y)

        signals = self.backbone.enter(x.expand(-1, len(self.tasks), -1, -1))
        return self.network(theta, signals, context.adapted(gated))

    def apart(self, signals: int) -> bool:
        return self.network.stateless

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        tasks, descriptors = [task.name for task in development.tasks], recipe.sharing_options.get("descriptors")
        reason = super().why_infeasible(recipe, development) or unadaptable(recipe)
        return reason or invalid_descriptors(tasks, descriptors)
