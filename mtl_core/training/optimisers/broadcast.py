"""The optimiser's step on a GPU: all rows and slots at once, by broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.fixed_tensor import FixedTensor
from mtl_core.training.optimisers.fused_kernels import EPSILON
from mtl_core.training.optimisers.optimiser import Optimiser


class BroadcastOptimiser(Optimiser):
    """Updates all rows and slots at once, in several passes over memory."""

    def _update(
        self,
        gradients: Sequence[Float[Tensor, "r s"]],
        rates: Sequence[float],
        stepped: Bool[Tensor, "r o"],
        on_device: Float[Tensor, " r"] | None,
    ) -> None:
        held = (self._parameters, self._first, self._second)
        parameters, first, second = (self._layout.pack(tensors) for tensors in held)
        gradient = self._layout.pack(gradients)

        column, owner = self._column, self._layout.fixed_owners.at(self._updates.device)
        rate = (torch.tensor(rates) if on_device is None else on_device).to(parameters).unsqueeze(1)
        decay = column("weight_decay")
        if self._name == "adamw":
            beta1, beta2 = column("beta1"), column("beta2")
            count = self._updates[:, owner].to(parameters)
            new_first = beta1 * first + (1 - beta1) * gradient
            new_second = beta2 * second + (1 - beta2) * gradient**2
            scale = (new_second / (1 - beta2**count)).sqrt() + EPSILON
            new = parameters * (1 - rate * decay) - rate * (new_first / (1 - beta1**count)) / scale
        else:
            momentum, gradient = column("momentum"), gradient + decay * parameters
            new_first, new_second = torch.where(momentum > 0, momentum * first + gradient, first), second
            new = parameters - rate * (gradient + momentum * new_first)
        if any(self._steps_directly):
            direct = self._direct_parameters.at(self._updates.device)
            new = torch.where(direct, parameters * (1 - rate * decay) - rate * gradient, new)
            new_first, new_second = (torch.where(direct, *pair) for pair in ((first, new_first), (second, new_second)))
        mask = stepped[:, owner]
        for tensors, old, value in zip(held, (parameters, first, second), (new, new_first, new_second), strict=True):
            for tensor, part in zip(tensors, self._layout.unpack(torch.where(mask, value, old)), strict=True):
                tensor.copy_(part)

    @cached_property
    def _direct_parameters(self) -> FixedTensor:
        """Of every parameter of a row: whether it steps along what is handed over."""
        return FixedTensor([self._steps_directly[owner] for owner in self._layout.owners().tolist()])
