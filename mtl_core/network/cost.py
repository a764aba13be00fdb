"""The cost of an arm in parameters, multiply-adds and memory, measured on one small forward pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from mtl_core.data.task_set import Development
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe

FLOAT_BYTES = 4
"""Bytes of a float32."""
MANY_PARAMETERS = 4_000_000
"""Number of parameters above which the pass runs on shapes without memory (device ``meta``).  Below, tensors of zeros
save the second that torch takes to load that device."""


@dataclass(frozen=True)
class Cost:
    """The cost of one replica.

    Args:
        parameters_shared: number of trained parameters that at least two tasks use.
        parameters_total: number of trained parameters, shared and private.
        multiply_adds: multiply-adds of the matrix products and convolutions of a forward pass for one example of each
            task.
        activation_bytes: bytes that a training step keeps of one example (of each task) for the backward pass.
        replica_bytes: bytes of training: parameters, gradient, two moments, selected parameters, activations of a
            batch.
    """

    parameters_shared: int
    parameters_total: int
    multiply_adds: int
    activation_bytes: int
    replica_bytes: int


def cost_of(recipe: Recipe, development: Development) -> Cost:
    """Return the cost of a replica of ``recipe``, in float32, on the tasks of ``development``; nothing is trained."""
    network = Network(replace(recipe, precision="float32"), development.tasks, development.shape)
    signals = len(development.tasks) if development.own_inputs else 1
    multiply_adds, activation_bytes = _dry_run(network, signals, development.num_inputs)
    layout = network.layout
    return Cost(
        parameters_shared=layout.count_shared(),
        parameters_total=layout.num_trained,
        multiply_adds=multiply_adds,
        activation_bytes=activation_bytes,
        replica_bytes=5 * FLOAT_BYTES * layout.size + recipe.batch_size * activation_bytes,
    )


def _dry_run(network: Network, signals: int, num_inputs: int, examples: int = 8) -> tuple[int, int]:
    """Multiply-adds and bytes kept for the backward pass, of one example."""
    # a user's own modules may depend on values, which the device meta has not
    meta = network.layout.size > MANY_PARAMETERS and network.trunk.backbone.adaptable
    device = "meta" if meta else "cpu"
    theta = {
        slot: torch.zeros(1, len(slot.copies), *slot.shape, device=device, requires_grad=slot.trained)
        for slot in network.layout.slots
    }
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: Tensor) -> None:
        """Note a tensor's memory.  Were the tensor kept, a graph that ends in it would hold it, and it the graph."""
        storage = tensor.untyped_storage()
        kept[storage._cdata] = storage

    x = torch.zeros(1, signals, examples, num_inputs, device=device)
    parameters = {value.untyped_storage()._cdata for value in theta.values()}
    with _Products() as products, torch.autograd.graph.saved_tensors_hooks(keep, lambda held: held):
        network(theta, x, ForwardContext(training=True))
    own = (storage for key, storage in kept.items() if key not in parameters)
    return products.multiply_adds // examples, sum(storage.nbytes() for storage in own) // examples


class _Products(TorchDispatchMode):
    """Counts the multiply-adds of matrix products and convolutions; torch's own counter takes a second to load."""

    def __init__(self) -> None:
        super().__init__()
        self.multiply_adds = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # torch's own answer, True, has the first operation import torch's compiler, which takes a second
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        operation = func.overloadpacket
        if operation in (torch.ops.aten.mm, torch.ops.aten.bmm, torch.ops.aten.addmm, torch.ops.aten.baddbmm):
            self.multiply_adds += output.numel() * args[-1].shape[-2]
        elif operation is torch.ops.aten.convolution:
            self.multiply_adds += output.numel() * args[1][0].numel()
        return output
