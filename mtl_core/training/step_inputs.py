"""What one training step reads beside parameters and state: a slice of the epoch that was laid out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True)
class StepInputs:
    """Everything that changes from one training step of r replicas to the next.

    A step that reads these tensors and nothing else of the epoch can be captured once and replayed: new numbers are
    copied to the places of the old ones.

    Args:
        orders: positions of the examples in the pool, for each batch of the step.
        presents: tasks that the step trains, for each batch; ``None``: all.
        numbers: each replica's own count of steps.
        weighting_numbers: the same where the weighting method works.
        progress: share of its training, or of its search, that each replica has completed.
        rates: learning rate of each replica.
        searching: whether each replica searches a structure; ``None``: there is no search.
        exact_rates: the same in double precision, as the optimisers of a CPU take it.
    """

    orders: list[Int[Tensor, "r g b"]]
    presents: list[Bool[Tensor, "r t"] | None]
    numbers: Int[Tensor, " r"]
    weighting_numbers: Int[Tensor, " r"]
    progress: Float[Tensor, " r"]
    rates: Float[Tensor, " r"]
    searching: Bool[Tensor, " r"] | None
    exact_rates: Float[Tensor, " r"]

    @property
    def trains_all(self) -> bool:
        """Whether it is known that the step trains every task of every replica."""
        return all(present is None for present in self.presents)

    @property
    def tensors(self) -> list[Tensor | None]:
        """The tensors, in the order of the fields."""
        return [
            *self.orders, *self.presents, self.numbers, self.weighting_numbers, self.progress, self.rates,
            self.searching, self.exact_rates,
        ]  # fmt: skip

    @property
    def shapes(self) -> list[torch.Size | None]:
        """Shapes of the tensors: inputs of equal shapes can take each other's places."""
        return [None if one is None else one.shape for one in self.tensors]

    def cloned(self) -> StepInputs:
        """Return inputs with the same numbers in memory of their own."""
        return StepInputs(
            orders=[one.clone() for one in self.orders],
            presents=[None if one is None else one.clone() for one in self.presents],
            numbers=self.numbers.clone(),
            weighting_numbers=self.weighting_numbers.clone(),
            progress=self.progress.clone(),
            rates=self.rates.clone(),
            searching=None if self.searching is None else self.searching.clone(),
            exact_rates=self.exact_rates.clone(),
        )

    def copy_(self, other: StepInputs) -> None:
        """Take over the numbers of other inputs, whose shapes are the same."""
        for mine, given in zip(self.tensors, other.tensors, strict=True):
            if mine is not None and given is not None:
                mine.copy_(given)
