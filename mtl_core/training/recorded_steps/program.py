"""The program of a recorded step: which of its operations have to be done again, and on what."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from mtl_core.training.recorded_steps.recording import Operation, Recording

_FILLED = ("arange", "full", "full_like", "new_full", "new_ones", "new_zeros", "ones", "ones_like", "scalar_tensor",
           "zeros", "zeros_like")  # fmt: skip
"""Operations whose results hold the same numbers whatever tensors they are given."""
_RESHAPES = (torch.ops.aten.view.default, torch.ops.aten._unsafe_view.default)
Structure = tuple[Any, ...]
Place = tuple[int, int, tuple[int, ...], tuple[int, ...], torch.dtype]
"""A tensor as memory: its storage, offset, shape, strides and data type.  Two tensors of one place are the same."""


@dataclass(frozen=True)
class Name:
    """A tensor in a program, by what it is called there."""

    text: str


@dataclass(frozen=True)
class Statement:
    """One operation of a program.

    Args:
        operation: as it was recorded.
        args, kwargs: what it is given, with names in the place of tensors.
        results: names of what it makes; none where it only changes its arguments.
        uses: names of the tensors that it is given.
    """

    operation: Operation
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: tuple[str, ...]
    uses: frozenset[str]


@dataclass
class Program:
    """The operations of a step that depend on its inputs, and of an epoch those that do not.

    Args:
        inputs: names of what changes from step to step, in order.
        kept: tensors that exist before and after a step, by name: parameters, state, data.
        written: names of those that steps change.
        once: operations whose results stay the same while nothing but steps of this program is done.
        each: operations of every step.
        needed: results of ``once`` that ``each`` uses, or that are returned.
        returned: names of what is returned.
    """

    inputs: list[str]
    kept: dict[str, Tensor] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    once: list[Statement] = field(default_factory=list)
    each: list[Statement] = field(default_factory=list)
    needed: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)

    @cached_property
    def structure(self) -> Structure:
        """Everything but the tensors themselves: the operations, and the shapes of what they work on."""
        operations = tuple(tuple(_described(statement) for statement in part) for part in (self.once, self.each))
        places = [place_of(one) for one in self.kept.values()]
        storages = [storage for storage, *_ in places]
        kept = tuple((storages.index(storage), *rest) for storage, *rest in places)
        return operations, tuple(self.kept), kept, tuple(self.returned)

    def same_as(self, other: Program) -> bool:
        """Return whether another step came to the same operations on the same tensors.

        Tensors that were made from numbers of Python are the same where these numbers are.
        """
        return self.structure == other.structure and all(self._has_same(name, one) for name, one in other.kept.items())

    def _has_same(self, name: str, other: Tensor) -> bool:
        mine = self.kept[name]
        return place_of(mine) == place_of(other) or (name not in self.written and _equal(mine, other))


def program_of(
    recording: Recording,
    inputs: Sequence[Tensor],
    rewritten: Sequence[Tensor] = (),
    returned: Sequence[Tensor] = (),
) -> Program | None:
    """Return the program of a step; ``None``: it cannot be repeated, and the recording says why.

    Args:
        recording: of the step.
        inputs: the tensors that change from step to step.
        rewritten: tensors that stay where they are, and that something else changes between two steps.
        returned: what the step returned.
    """
    builder = _Builder(recording, inputs, rewritten, returned)
    program = None if recording.why_not else builder.program()
    return None if recording.why_not else program


class _Builder:
    def __init__(
        self,
        recording: Recording,
        inputs: Sequence[Tensor],
        rewritten: Sequence[Tensor],
        returned: Sequence[Tensor],
    ) -> None:
        self._recording, self._operations, self._returned = recording, recording.operations, returned
        self._names: dict[Place, str] = {}
        self._numbers = itertools.count()
        self._program = Program([f"i{number}" for number in range(len(inputs))])
        self._changing = {_storage(one) for one in inputs}
        """Memory that holds other numbers in every step, or is other memory."""
        changed = [one for operation in self._operations for one in operation.changed]
        self._written = {_storage(one) for one in (*changed, *rewritten)}
        self._made_once: set[int] = set()
        self._roots: dict[str, str] = {}
        """Of a result that is another one in a new shape: which."""
        self._contiguous: set[str] = set()
        for name, one in zip(self._program.inputs, inputs, strict=True):
            self._names[place_of(one)] = name
            self._contiguous |= {name} if one.is_contiguous() else set()

    def program(self) -> Program:
        program = self._program
        for operation in list(self._operations):
            self._add(operation)
        program.returned = [self._name(one) for one in self._returned]
        made_once = {name for statement in program.once for name in statement.results}
        program.each = _needed(program.each, set(program.returned))
        used = {name for statement in program.each for name in statement.uses} | set(program.returned)
        program.needed = sorted(made_once & used)
        program.once = _needed(program.once, set(program.needed))
        used |= {name for statement in program.once for name in statement.uses}
        program.kept = {name: one for name, one in program.kept.items() if name in used}
        program.written = {name for name, one in program.kept.items() if _storage(one) in self._written}
        return program

    def _add(self, operation: Operation) -> None:
        found = operation.found
        inside = {_storage(one) for one in operation.given}
        is_view = bool(found) and not operation.changed and all(_storage(one) in inside for one in found)
        if is_view and all(place_of(one) in self._names for one in found):
            return
        if is_view and not any(
            _storage(one) in memory for one in found for memory in (self._changing, self._made_once)
        ):
            return  # of memory that stays where it is: its name is given when it is used
        changes = bool(operation.changed)
        if operation.name in _FILLED and not changes and not any(_storage(one) in self._written for one in found):
            return
        args, kwargs = self._named(operation.args), {key: self._named(one) for key, one in operation.kwargs.items()}
        root = self._roots.get(args[0].text, args[0].text) if operation.function in _RESHAPES else ""
        if root in self._contiguous:  # a new shape of a new shape is one of the first
            args = (Name(root), [*found[0].shape])
        uses = frozenset(name.text for name in _names_in([args, list(kwargs.values())]))
        new = () if changes and all(_storage(one) in inside for one in found) else self._results(operation)
        results = tuple("_" if one is None else self._new_name(one) for one in new)
        if root in self._contiguous:
            self._roots[results[0]] = root
        fixed = self._is_fixed(operation)
        memory = self._made_once if fixed else self._changing
        memory |= {_storage(one) for one in found} - {_storage(one) for one in operation.changed}
        (self._program.once if fixed else self._program.each).append(Statement(operation, args, kwargs, results, uses))

    def _is_fixed(self, operation: Operation) -> bool:
        """Whether an operation finds the same in every step: it has nothing to do with what changes."""
        touched = {_storage(one) for one in (*operation.given, *operation.found)}
        apart = touched.isdisjoint(self._changing) and touched.isdisjoint(self._written)
        return apart and bool(operation.given) and not operation.changed

    def _results(self, operation: Operation) -> tuple[Tensor | None, ...]:
        returned = operation.returned
        found = tuple(returned) if isinstance(returned, list | tuple) else (returned,)
        if not all(one is None or isinstance(one, Tensor) for one in found):
            self._recording.refuse(f"{operation.name} returns something else than tensors")
        return found

    def _named(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return Name(self._name(value))
        if isinstance(value, list | tuple):
            return type(value)(self._named(one) for one in value)
        return value

    def _name(self, tensor: Tensor) -> str:
        place = place_of(tensor)
        if place not in self._names:
            if _storage(tensor) in self._changing | self._made_once:
                self._recording.refuse("a tensor came into being that no operation made")
            self._names[place] = name = f"k{len(self._program.kept)}"
            self._program.kept[name] = tensor.detach()
        return self._names[place]

    def _new_name(self, tensor: Tensor) -> str:
        self._names[place_of(tensor)] = name = f"v{next(self._numbers)}"
        self._contiguous |= {name} if tensor.is_contiguous() else set()
        return name


def _needed(statements: Sequence[Statement], used: set[str]) -> list[Statement]:
    """The statements that change or check something, or whose results are used."""
    chosen, used = [], set(used)
    for statement in reversed(statements):
        if statement.operation.changed or not statement.results or used.intersection(statement.results):
            chosen.append(statement)
            used |= statement.uses
    return chosen[::-1]


def place_of(tensor: Tensor) -> Place:
    """Return where a tensor lies in memory, and how."""
    return _storage(tensor), int(tensor.storage_offset()), tuple(tensor.shape), tensor.stride(), tensor.dtype


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _names_in(value: Any) -> list[Name]:
    if isinstance(value, Name):
        return [value]
    return [name for one in value for name in _names_in(one)] if isinstance(value, list | tuple) else []


def _described(statement: Statement) -> tuple[object, ...]:
    operation = statement.operation
    return (operation.function, operation.by_onednn, statement.results, repr(statement.args), repr(statement.kwargs))


def _equal(one: Tensor, other: Tensor) -> bool:
    alike = one.shape == other.shape and one.dtype == other.dtype
    return alike and bool((_bytes_of(one) == _bytes_of(other)).all())  # as bytes, since NaN is to be NaN


def _bytes_of(tensor: Tensor) -> Tensor:
    return tensor.clone(memory_format=torch.contiguous_format).view(-1).view(torch.uint8)
