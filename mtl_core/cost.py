"""What an arm costs: reported, not assumed."""

from __future__ import annotations

from dataclasses import dataclass

from mtl_core.data.task_set import Development
from mtl_core.network import Network
from mtl_core.recipe import Recipe


@dataclass(frozen=True)
class Cost:
    """Size of one replica.

    Args:
        parameters_shared: used by at least two tasks.
        parameters_total: shared and private.
        multiply_adds: of a forward pass for one example, all tasks together.
        replica_bytes: training memory: parameters, gradient, two moments, selected parameters, activations of a batch.
    """

    parameters_shared: int
    parameters_total: int
    multiply_adds: int
    replica_bytes: int

    @property
    def parameters_private(self) -> int:
        """Parameters that a single task uses."""
        return self.parameters_total - self.parameters_shared


def cost_of(recipe: Recipe, development: Development) -> Cost:
    """The cost of ``recipe`` on the tasks of ``development``, from the declared shapes; nothing is trained."""
    network = Network(recipe, development.tasks, development.num_inputs)
    copies = [len(stage.copies) for stage in network.trunk.stages]
    stages = sum(stage.multiply_adds * number for stage, number in zip(network.trunk.stages, copies, strict=True))
    outputs = sum(task.num_outputs for task in development.tasks)
    activations = development.num_inputs + 3 * recipe.width * sum(copies) + 3 * outputs
    return Cost(
        parameters_shared=network.layout.count_shared(),
        parameters_total=network.layout.size,
        multiply_adds=stages + sum(bank.multiply_adds for bank in network.heads),
        replica_bytes=20 * network.layout.size + 4 * recipe.batch_size * activations,
    )
