"""The optimiser's step on a GPU: all slots of all rows as one vector, so that few kernels are launched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.training.optimisers.fused_kernels import EPSILON
from mtl_core.training.optimisers.optimiser import Optimiser


class DeviceOptimiser(Optimiser):
    """Updates all rows and slots at once, and asks the host for nothing.

    The moments of a slot's rows lie one after the other, and slots one after the other: n elements in one vector.
    Learning rates and corrections for the number of updates are looked up for every element.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        rows, device = len(self._settings), self._updates.device
        sizes = self._layout.sizes[: len(self._parameters)]
        places = torch.arange(rows).unsqueeze(1)
        owners = self._layout.owners() + places * len(self._layout.owner_sets)
        self._row = torch.cat([places.expand(-1, size).flatten() for size in sizes]).to(device)
        self._owner = torch.cat([part.flatten() for part in owners.split(sizes, dim=1)]).to(device)
        """Of every element: its row, and its owner's place among the owners of all rows."""
        direct = torch.tensor(self._steps_directly * rows, device=device)
        self._direct = direct[self._owner] if any(self._steps_directly) else None

    def _held(
        self, first: Float[Tensor, "r p"], second: Float[Tensor, "r p"]
    ) -> tuple[list[Float[Tensor, "r s"]], list[Float[Tensor, "r s"]]]:
        self._first_flat, self._second_flat = (flat_of(self._layout.unpack(moment)) for moment in (first, second))
        return self._by_slot(self._first_flat), self._by_slot(self._second_flat)

    def _by_slot(self, flat: Float[Tensor, " n"]) -> list[Float[Tensor, "r s"]]:
        """Return views of every slot's part."""
        parts = flat.split([parameter.numel() for parameter in self._parameters])
        return [part.view_as(parameter) for part, parameter in zip(parts, self._parameters, strict=True)]

    def _update(
        self,
        gradients: Sequence[Float[Tensor, "r s"]],
        rates: Float[Tensor, " r"],
        stepped: Bool[Tensor, "r o"],
        on_device: Float[Tensor, " r"] | None,
    ) -> None:
        gradient, old = flat_of(gradients), flat_of(self._parameters)
        first, second = self._first_flat, self._second_flat
        rate = (rates if on_device is None else on_device).to(old)[self._row]
        decay = self._setting("weight_decay")
        if self._name == "adamw":
            new_first = torch.lerp(first, gradient, 1 - self._setting("beta1"))
            new_second = torch.lerp(second, gradient * gradient, 1 - self._setting("beta2"))
            scale = (new_second / self._correction("beta2")).sqrt_().add_(EPSILON)
            new = old * (1 - rate * decay) - rate * (new_first / self._correction("beta1")) / scale
        else:
            momentum, decayed = self._setting("momentum"), gradient + decay * old
            moved = momentum * first + decayed
            new_first = torch.where(momentum > 0, moved, first)
            new_second, new = second, old - rate * (decayed + momentum * moved)
        if self._direct is not None:
            new = torch.where(self._direct, old * (1 - rate * decay) - rate * gradient, new)
            new_first = torch.where(self._direct, first, new_first)
            new_second = torch.where(self._direct, second, new_second)
        if stepped is not self._every_owner:
            mask = stepped.flatten()[self._owner]
            new, new_first, new_second = (
                torch.where(mask, *pair) for pair in ((new, old), (new_first, first), (new_second, second))
            )
        first.copy_(new_first)
        second.copy_(new_second)
        torch._foreach_copy_(self._parameters, self._by_slot(new))  # pyright: ignore[reportPrivateImportUsage]

    def _setting(self, name: str) -> Float[Tensor, "*n"]:
        """Return a hyperparameter: one number if it is the same in all rows, else that of every element."""
        of_rows = self._column(name).squeeze(1)
        return of_rows[0] if len({row[name] for row in self._settings}) == 1 else of_rows[self._row]

    def _correction(self, beta: str) -> Float[Tensor, " n"]:
        """Return 1 − β^k for every element, whose owner was updated k times."""
        base = self._column(beta)
        return (1 - base ** self._updates.to(base)).flatten()[self._owner]


def flat_of(parts: Sequence[Float[Tensor, "r s"]]) -> Float[Tensor, " n"]:
    """Return the elements of all slots in one vector of their own, without their graph."""
    return torch.cat([part.detach().reshape(-1) for part in parts])
