"""The context of a forward pass: what it depends on beside parameters and inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from jaxtyping import Bool, Float
from torch import Tensor, relu_

from mtl_core.layers.bank import Copy, Theta
from mtl_core.layers.dropout import Noise
from mtl_core.randomness.counter_based import Streams


class Adapter(Protocol):
    """Function by which an architecture changes the output of an affine layer, before norm and activation."""

    def __call__(self, layer: object, theta: Theta, x: Tensor, y: Tensor) -> Tensor:
        """Return the changed output of ``layer``.

        Args:
            layer: the affine layer, convolution or tokeniser that calls the adapter.
            theta: the parameters of the network.
            x: the layer's input, in the layer's own shape.
            y: the layer's output, in the layer's own shape.
        """
        ...


@dataclass(frozen=True)
class ForwardContext:
    """Everything that a forward pass of r replicas depends on beside parameters and inputs.

    Args:
        training: whether batch norms use the batch's statistics and penalties are recorded.
        noise: dropout masks of the step; ``None``: nothing is dropped.
        progress: fraction of its training, or of its search, that each replica has completed, ``[r]``.
        searching: whether each replica still searches a structure, ``[r]``; ``None``: there is no search.
        options: tuned hyperparameters of the architecture, by name, ``[r]`` each.
        streams: random numbers of the step.
        penalties: terms that the architecture adds to each replica's objective, ``[r]`` each; the pass appends them.
        adapt: function that every affine layer applies to its output; ``None``: none.
        tasks: names of the tasks, in order; they name the dropout masks of copies that take the signals of all tasks.
        signals: for each copy of a stage the tasks whose signals it takes one after the other, a single group being
            that of every copy; empty: every copy takes one signal.
    """

    training: bool = False
    noise: Noise | None = None
    progress: Float[Tensor, " r"] | None = None
    searching: Bool[Tensor, " r"] | None = None
    options: Mapping[str, Float[Tensor, " r"]] = field(default_factory=dict)
    streams: Streams | None = None
    penalties: list[Float[Tensor, " r"]] = field(default_factory=list)
    adapt: Adapter | None = None
    tasks: tuple[str, ...] = ()
    signals: Sequence[Sequence[str]] = ()

    def drop(self, h: Float[Tensor, "r c b *f"], copies: tuple[Copy, ...]) -> Float[Tensor, "r c b *f"]:
        """Return ``h`` after dropout with the masks of ``copies``; ``h`` itself where there is no noise."""
        return self.noise(h, copies, self.signals) if self.noise else h

    def drop_positive(self, h: Float[Tensor, "q b *f"], copies: tuple[Copy, ...]) -> Float[Tensor, "q b *f"]:
        """Return the positive part of ``h`` after dropout, in the memory of ``h``.

        Args:
            h: as :meth:`drop` takes it, or in another shape of the same memory order.
            copies: of the stage that drops.
        """
        return self.noise.after_relu(h, copies, self.signals) if self.noise else relu_(h)

    def adapted(self, adapt: Adapter) -> ForwardContext:
        """Return a copy of this context in which affine layers apply ``adapt``."""
        return replace(self, adapt=adapt)

    def joining(self, signals: int) -> ForwardContext:
        """Return the context of copies that each take ``signals`` signals, one of each task in order, as one batch.

        With a single signal this context is returned: what it says of an earlier junction stays true.
        """
        return self.grouping((self.tasks,)) if 1 < signals == len(self.tasks) else self

    def grouping(self, groups: Sequence[Sequence[str]]) -> ForwardContext:
        """Return the context of copies that each take the signals of several tasks, one after the other, as one batch.

        Args:
            groups: for each copy the tasks whose signals it takes, in order; a single group: those of every copy.
        """
        return self if self.noise is None or groups == self.signals else replace(self, signals=groups)


EVALUATION = ForwardContext()
"""The context of a pass in evaluation mode: nothing is dropped, and no penalty is recorded."""
