"""The network of a recipe: stages and heads over one layout of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.backbones import backbone_of
from mtl_core.data.task import Task
from mtl_core.errors import UserError
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.bank import SHARED, Theta
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.layers.parameter_layout import Layout
from mtl_core.layers.precision import products_in
from mtl_core.network.heads import banks_of
from mtl_core.recipe import Precision, Recipe
from mtl_core.registry import find
from mtl_core.sharing import Sharing


class Network:
    """The network of r replicas: the backbone's stages as the architecture copies and connects them, then the heads.

    Every pass makes its products in the precision of the recipe.

    Args:
        recipe: recipe of the replicas.
        tasks: tasks of the network, in order.
        inputs: shape of an example.

    Raises:
        UserError: if two tasks have the same name, or one has the name of the shared copy.
    """

    def __init__(self, recipe: Recipe, tasks: Sequence[Task], inputs: Sequence[int]) -> None:
        names = [task.name for task in tasks]
        if SHARED.name in names:
            raise UserError(f"task {SHARED.name!r}", "bears the name of what all tasks have in common.", "Rename it.")
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if twice:
            raise UserError(f"task {twice[0]!r}", "stands twice in the task set.", "Give every task a name of its own.")
        backbone = backbone_of(recipe, inputs)
        sharing = find("sharing", recipe.sharing).cls
        self.tasks = tuple(tasks)
        self.precision: Precision = recipe.precision
        self.trunk: Sharing = sharing(backbone, names, recipe.depth, **recipe.sharing_options)
        features, users = self.trunk.backbone.num_features, self.trunk.head_users
        self.heads = banks_of(tasks, features, self.trunk.shares_head, users)
        slots = [slot for part in (*self.trunk.parts, *self.heads) for slot in part.slots]
        self.layout = Layout(slots, names)
        order = [member for bank in self.heads for member in bank.members]
        self._order = None if order == sorted(order) else FixedTensor(torch.tensor(order).argsort())

    def __call__(self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext = EVALUATION) -> list[Tensor]:
        """Return the outputs ``[r, g, k, b]`` of every head bank, g being the number of its tasks.

        Args:
            theta: parameters of the replicas.
            x: inputs, common to all tasks (g = 1) or each task's own (g = t).
            context: context of the pass.
        """
        with products_in(self.precision):
            h = self.trunk(theta, x, context)
            outputs = [bank(theta, h) for bank in self.heads]
        return [self.trunk.couple(outputs[0], context)] if self.trunk.couples else outputs

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r c b *f"]:
        """Return the representation before the task-specific part of the network, the first part of a pass."""
        with products_in(self.precision):
            return self.trunk.represent(theta, x, context)

    def finish(self, theta: Theta, z: Float[Tensor, "r c b *f"], context: ForwardContext) -> list[Tensor]:
        """Return the outputs of every head bank for the representation ``z``, the second part of a pass.

        It ends before outputs are coupled, which have no private part.
        """
        with products_in(self.precision):
            h = self.trunk.finish(theta, z, context)
            return [bank(theta, h) for bank in self.heads]

    @property
    def parts_tasks(self) -> bool:
        """Whether there is a point behind which every task's part of the network is its own."""
        return not (self.shares_head or self.trunk.couples)

    @property
    def shares_head(self) -> bool:
        """Whether all tasks share one head."""
        return len(self.heads) == 1 and len(self.heads[0].weight.copies) < len(self.tasks)

    @cached_property
    def owners_of_outputs(self) -> FixedTensor:
        """Which task has each output of all heads, bank after bank: a matrix ``[k, t]`` of 0 and 1."""
        owners = [bank.members[place] for bank in self.heads for place in bank.places_of_outputs]
        return FixedTensor([[int(task == owner) for task in range(len(self.tasks))] for owner in owners])

    def losses(self, outputs: Sequence[Tensor], targets: Float[Tensor, "r c b"]) -> Float[Tensor, "r t b"]:
        """Return the loss of every task and example, in the order of the tasks.

        Args:
            outputs: outputs of every head bank.
            targets: standardised target columns without NaN.
        """
        return self.in_order([bank.losses(own, targets) for bank, own in zip(self.heads, outputs, strict=True)])

    def after_step(
        self, theta: Theta, rates: Float[Tensor, " r"], present: Bool[Tensor, "r t"], context: ForwardContext
    ) -> None:
        """Apply, in place, the architecture's own update after the optimiser's step.

        Args:
            theta: parameters of the replicas.
            rates: learning rate of each replica at this step.
            present: which tasks took part in the step.
            context: context of the step's forward pass.
        """
        heads = [slot for bank in self.heads for slot in bank.slots]
        with torch.no_grad():
            self.trunk.after_step(theta, heads, rates, present, context)

    def in_order(self, parts: Sequence[Float[Tensor, "r g b"]]) -> Float[Tensor, "r t b"]:
        """Return the results of the head banks, ``parts``, joined in the order of the tasks."""
        if len(self.heads) == 1:
            return parts[0]
        joined = torch.cat(list(parts), dim=1)
        return joined if self._order is None else joined.index_select(1, self._order.at(joined.device))
