"""A stand-in for a CUDA graph on a CPU: operations are recorded while Python runs, and repeated without it.

What holds for a CUDA graph holds here: the operations keep their order, their numbers and the memory of their tensors,
and whatever Python decided stays decided.  So a step that depends on the number of the step, or on a tensor that is
made anew, other than through its inputs gives other numbers here as it would there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mtl_core.layers.operation_mode import OperationMode
from mtl_core.training.recorded_steps.recording import tensors_in

WAITING = ("_linalg_eigh", "_local_scalar_dense", "_unique2", "equal", "masked_select", "nonzero")
"""Operations that make a GPU tell the host something, by their names in ATen."""


class RecordedGraph:
    """A graph of what was done on the CPU, with the interface of :class:`mtl_core.training.captured_steps.Graph`.

    Unlike a CUDA graph, it takes effect while it is captured; :meth:`capture` undoes that for the tensors that existed
    before.
    """

    def __init__(self) -> None:
        self._recorder = _Recorder()

    def capture(self, work: Callable[[], None]) -> None:
        """Record what ``work`` does, and leave the tensors that it changed as they were.

        Raises:
            RuntimeError: when it does something that makes a GPU tell the host a number.
        """
        try:
            with self._recorder:
                work()
        finally:
            self._recorder.undo()

    def replay(self) -> None:
        """Repeat the operations on what their tensors hold now."""
        with torch._C._AutoDispatchBelowAutograd():  # what autograd did was recorded, as operations
            for func, args, kwargs, made in self._recorder.operations:
                again = tensors_in(func(*args, **kwargs))
                for old, new in zip(made, again, strict=True):
                    if old is not None:
                        old.copy_(new)


class _Recorder(OperationMode):
    """Mode that notes every operation, what it made, and what the tensors held that it used."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[tuple[Any, Any, Any, list[Tensor | None]]] = []
        self._made: set[int] = set()
        self._before: dict[int, tuple[Tensor, Tensor]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run the operation and note it."""
        name = func._schema.name.removeprefix("aten::")
        taken = tensors_in((*args, *(kwargs or {}).values()))
        by_mask = name in ("index", "index_put_") and any(one.dtype == torch.bool for one in taken[1:])
        if name in WAITING or by_mask:
            raise RuntimeError(f"{name} is not permitted while a step is captured.")
        given = dict(kwargs or {})
        for tensor in taken:  # some operations change arguments without saying so, running statistics for one
            self._keep(tensor)
        found = func(*args, **given)
        known = {_memory(one) for one in taken}
        # what is a view, or was changed in place, lies in the memory of an argument: repeating is enough
        made = [one if _memory(one) not in known else None for one in tensors_in(found)]
        self._made |= {_memory(one) for one in made if one is not None}
        self.operations.append((func, args, given, made))
        return found

    def undo(self) -> None:
        """Give the tensors that existed before what they held."""
        with torch.no_grad():
            for tensor, held in self._before.values():
                tensor.copy_(held)

    def _keep(self, tensor: Tensor) -> None:
        """Keep what the memory of a tensor holds that existed before."""
        memory = _memory(tensor)
        if memory not in self._made and memory not in self._before:
            whole = tensor.new_empty(0).set_(tensor.untyped_storage())  # pyright: ignore
            self._before[memory] = whole, whole.clone()


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
