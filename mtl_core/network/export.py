"""Export of one trained replica as a plain torch module that takes raw inputs and predicts in the users' units."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mtl_core.data.kinds import kind_named
from mtl_core.data.preprocessing import Preparation, prepare
from mtl_core.data.target_columns import columns_of
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Slot
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe


class TrainedModule(nn.Module):
    """A trained network together with the standardisation of its training split, as a torch module.

    The module always runs in evaluation mode, without dropout and without updating running statistics, and in float32,
    whatever the precision that the replica was trained in.  Parameters and buffers are the replica's, ``[c, …]`` for
    the c copies of a bank; ``input_shift``, ``input_scale``, ``target_shift`` and ``target_scale`` are those of its
    training split.

    Args:
        recipe: recipe of the replica.
        tasks: tasks of the network, in order.
        shape: shape of an example.
        double: whether shifts are kept in float64, for inputs or targets that lie far from 0 for their spread.
    """

    input_shift: Float[Tensor, " d"]
    input_scale: Float[Tensor, " d"]
    target_shift: Float[Tensor, " c"]
    target_scale: Float[Tensor, " c"]

    def __init__(self, recipe: Recipe, tasks: tuple[Task, ...], shape: tuple[int, ...], double: bool = False) -> None:
        super().__init__()
        self.recipe, self.tasks, self.shape = recipe, tasks, shape
        self._network = Network(replace(recipe, precision="float32"), tasks, shape)
        columns = math.prod(shape)
        self._columns = columns_of(tasks)
        for name, size in (("input", columns), ("target", self._columns[-1].stop)):
            self.register_buffer(f"{name}_shift", torch.zeros(size, dtype=torch.float64 if double else torch.float32))
            self.register_buffer(f"{name}_scale", torch.ones(size))
        self._names: dict[Slot, str] = {}
        for slot in self._network.layout.slots:
            name = self._names[slot] = self._unique(slot.name.replace(".", "_"))
            value = torch.zeros(len(slot.copies), *slot.shape)
            if slot.trained:
                self.register_parameter(name, nn.Parameter(value))
            else:
                self.register_buffer(name, value)

    def forward(self, x: Float[Tensor, "b d"], logits: bool = False) -> dict[str, Tensor]:
        """Predict every task for every example; tasks that had inputs of their own all read ``x``.

        Args:
            x: raw inputs in the users' own units, image pixels channel by channel; NaN where a value is missing;
                float64 where float32 cannot tell the values apart.
            logits: whether to return logits instead of probabilities.

        Returns:
            By name of the task: ``[b]`` predictions in the target's own unit (of a vector ``[b, k]``) or
            probabilities of the second class (binary), ``[b, k]`` probabilities (of more classes).
        """
        x = ((x - self.input_shift) * self.input_scale).to(self.input_scale.dtype)
        x = torch.where(x.isnan(), 0.0, x)
        theta = {slot: getattr(self, name).unsqueeze(0) for slot, name in self._names.items()}
        outputs = self._network(theta, x.unsqueeze(0).unsqueeze(0))
        predictions = {
            task.name: self._prediction(task, member, values[0, place], logits)
            for bank, values in zip(self._network.heads, outputs, strict=True)
            for place, (task, member) in enumerate(zip(bank.tasks, bank.members, strict=True))
        }
        return {task.name: predictions[task.name] for task in self.tasks}

    def _prediction(self, task: Task, member: int, outputs: Float[Tensor, "k b"], logits: bool) -> Tensor:
        columns = slice(self._columns[member].start, self._columns[member].stop)
        standards = self.target_shift[columns], self.target_scale[columns]
        return kind_named(task.kind).prediction(task, outputs, standards, logits)

    def _unique(self, name: str) -> str:
        """``name``, with a number where banks of different copies have parameters of one name."""
        names, number, unique = set(self._names.values()), 1, name
        while unique in names:
            number += 1
            unique = f"{name}_{number}"
        return unique


def export(
    recipe: Recipe,
    development: Development,
    seed: int,
    parameters: Float[Tensor, " p"],
    preparation: Preparation | None = None,
) -> TrainedModule:
    """Return a trained replica as a torch module in evaluation mode.

    Args:
        recipe: recipe that the replica was trained by.
        development: examples that it was trained on; for a single-task replica with its task alone.
        seed: seed of the replica; it fixes the training split, whose standardisation the module holds.
        parameters: packed parameters, such as :attr:`mtl_core.training.trainer.Outcome.selected`.
        preparation: of that split, where it is known already.

    Raises:
        ValueError: if the number of parameters is not that of the recipe.
    """
    origins = {"input_shift": development.input_origin, "target_shift": development.target_origin}
    double = any(origin is not None for origin in origins.values())
    module = TrainedModule(recipe, development.tasks, development.shape, double)
    layout = module._network.layout
    if parameters.shape != (layout.size,):
        raise ValueError(f"The recipe has {layout.size} parameters, the row {tuple(parameters.shape)}.")
    values = layout.theta(layout.unpack(parameters.unsqueeze(0)))
    preparation = preparation or prepare(development, seed, recipe.train_fraction)
    scales = ("input_shift", "input_scale", "target_shift", "target_scale")
    state = {name: getattr(preparation, name) for name in scales}
    state |= {name: state[name].double() + origin for name, origin in origins.items() if origin is not None}
    state |= {name: values[slot].detach()[0] for slot, name in module._names.items()}
    module.load_state_dict(state)
    return module.eval()
