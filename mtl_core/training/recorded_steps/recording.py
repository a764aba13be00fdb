"""The recording of a training step: every operation that it does, below autograd, while it takes place as always."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from mtl_core.layers.matrix_products import ONEDNN
from mtl_core.layers.operation_mode import OperationMode

LARGEST = 256 * 2**20
"""Bytes that the results of a recorded step may take, since all of them are kept while it is recorded.  Steps that make
more do not gain by it: their time is arithmetic."""
_UNREPEATABLE = (torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape, torch.Tag.nondeterministic_seeded)
_BATCH_NORMS, _RUNNING = ("native_batch_norm", "batch_norm_with_update"), ("running_mean", "running_var")
"""Operations that update running statistics, and the names of these arguments; not all of their schemas say so."""


@dataclass(frozen=True)
class Operation:
    """An operation of ATen as it took place.

    Args:
        function: the operation, an overload.
        args, kwargs: what it was given.
        returned: what it returned.
        given, changed, found: the tensors that it was given, that it wrote to, and that it returned.
        by_onednn: whether oneDNN multiplied matrices at that moment.
    """

    function: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    returned: Any
    given: list[Tensor]
    changed: list[Tensor]
    found: list[Tensor]
    by_onednn: bool

    @property
    def name(self) -> str:
        """Its name in ATen, without the overload."""
        return self.function.overloadpacket.__name__

    @staticmethod
    def of(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], returned: Any) -> Operation:
        """Return an operation that has just taken place."""
        written = [
            args[place] if place < len(args) else kwargs.get(name) for place, name in _written_arguments(function)
        ]
        given, found = tensors_in((args, *kwargs.values())), tensors_in(returned)
        return Operation(function, args, kwargs, returned, given, tensors_in(written), found, ONEDNN.is_on)


class Recording:
    """What one step did.

    Attributes:
        operations: in order; the tensors in them are kept, so that no two of them have the same memory.
        why_not: why the step cannot be repeated without its Python; empty: it can.
    """

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.why_not = ""
        self._bytes = 0

    def of(self, step: Callable[[], object]) -> Recording:
        """Take the step, note what it does, and return this recording."""
        with _Readings(self), _Operations(self):
            step()
        return self

    def note(self, operation: Operation) -> None:
        """Take down an operation, or why it cannot be repeated."""
        if not _is_repeatable(operation.function):
            self.refuse(f"{operation.name} depends on more than its arguments, or its shape does on numbers")
        if operation.name == "index" and any(one.dtype in (torch.bool, torch.uint8) for one in operation.given[1:]):
            self.refuse("a mask chooses elements, so that shapes depend on numbers")
        self._bytes += sum(one.nbytes for one in operation.found)
        if self._bytes > LARGEST:
            self.refuse("its results take too much memory")
        if not self.why_not:
            self.operations.append(operation)

    def refuse(self, reason: str) -> None:
        """Note why the step cannot be repeated; the first reason stays."""
        self.why_not = self.why_not or reason
        self.operations.clear()


class _Operations(OperationMode):
    """Mode that notes operations, those of autograd among them."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run the operation and note it."""
        given = kwargs or {}
        found = func(*args, **given)
        self._recording.note(Operation.of(func, args, given, found))
        return found


class _Readings(TorchFunctionMode):
    """Mode that notices where Python reads numbers of tensors without an operation of ATen."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call the function, and note it where it tells Python numbers."""
        if func in (Tensor.tolist, Tensor.numpy, Tensor.__array__):
            self._recording.refuse("Python reads numbers of a tensor")
        return func(*args, **(kwargs or {}))


@cache
def _is_repeatable(function: Any) -> bool:
    name = function.overloadpacket.__name__
    if name in ("set_", "resize_"):  # which put a tensor elsewhere in memory
        return False
    # the shape of what an index chooses depends on the numbers of masks alone
    return name == "index" or not any(tag in function.tags for tag in _UNREPEATABLE)


@cache
def _written_arguments(function: Any) -> list[tuple[int, str]]:
    """Places and names of the arguments that an operation writes to."""
    silently = _RUNNING if function.overloadpacket.__name__ in _BATCH_NORMS else ()
    arguments = enumerate(function._schema.arguments)
    return [
        (place, one.name)
        for place, one in arguments
        if one.name in silently or (one.alias_info and one.alias_info.is_write)
    ]


def tensors_in(values: Any) -> list[Tensor]:
    """Return the tensors among values and the lists of values in them, in order."""
    if isinstance(values, Tensor):
        return [values]
    if isinstance(values, list | tuple):
        return [tensor for value in values for tensor in tensors_in(value)]
    return []
