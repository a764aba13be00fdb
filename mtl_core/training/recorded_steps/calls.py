"""A program as a list of calls on numbered registers, which a loop of a few lines goes through."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mtl_core.layers.matrix_products import ONEDNN
from mtl_core.training.recorded_steps.program import Name, Program, Statement

_QUICK: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(torch, name) for name in (
        "_log_softmax", "abs", "baddbmm", "bmm", "clone", "div", "ge", "index_select", "mean", "mul", "relu_", "sub",
        "sum", "where",
    )},
    **{name: getattr(Tensor, name) for name in ("add_", "copy_", "expand", "mul_", "transpose", "view", "zero_")},
    "_unsafe_view": Tensor.view,
}  # fmt: skip
"""Functions that do the same as an operation of ATen of that name, and take a microsecond less to be called."""


class Calls:
    """The statements of a program, to be called with its inputs and without gradients.

    Args:
        statements: in order.
        kept: tensors that exist before and after, by name.
        arguments: names of the tensors that a call is given, in order.
        returned: names of those that it returns.
    """

    def __init__(
        self,
        statements: Sequence[Statement],
        kept: Mapping[str, Tensor],
        arguments: Sequence[str],
        returned: Sequence[str] = (),
    ) -> None:
        self._registers: list[Any] = [None] * (len(arguments) + 1)
        self._unused = len(arguments)
        self._places = {name: place for place, name in enumerate(arguments)}
        self._calls: list[tuple[Callable[..., Any], tuple[int, ...], int, tuple[int, ...]]] = []
        for name, tensor in kept.items():
            self._places[name] = self._register(tensor)
        stays = {*arguments, *returned, *kept}
        last = {name: place for place, one in enumerate(statements) for name in (*one.uses, *one.results)}
        is_on = False
        for place, statement in enumerate(statements):
            by_onednn = statement.operation.by_onednn
            if is_on != by_onednn and statement.operation.name in ("bmm", "baddbmm"):
                self._add(ONEDNN.off if is_on else ONEDNN.on)
                is_on = by_onednn
            done = {name for name in (*statement.uses, *statement.results) if last[name] == place} - stays
            self._add_statement(statement, done)
        if is_on:
            self._add(ONEDNN.off)
        self._returned = [self._places[name] for name in returned]

    @staticmethod
    def of(program: Program) -> tuple[Calls, Calls]:
        """Return the calls whose results stay, and the others, which take these results and then the inputs."""
        once = Calls(program.once, program.kept, [], program.needed)
        return once, Calls(program.each, program.kept, [*program.needed, *program.inputs], program.returned)

    def __call__(self, *given: Tensor) -> list[Tensor]:
        """Make the calls; every tensor is let go of as soon as nothing more needs it."""
        registers = self._registers.copy()
        registers[: len(given)] = given
        get = registers.__getitem__
        for function, places, result, done in self._calls:
            registers[result] = function(*map(get, places))
            for place in done:
                registers[place] = None
        return [registers[place] for place in self._returned]

    def _add_statement(self, statement: Statement, done: set[str]) -> None:
        operation, results = statement.operation, statement.results
        function = _QUICK.get(operation.name, operation.function)
        changing = {key: one for key, one in statement.kwargs.items() if _has_name(one)}
        if constant := {key: one for key, one in statement.kwargs.items() if key not in changing}:
            function = partial(function, **constant)
        if changing:
            function = partial(_with_keywords, function, tuple(changing))
        places = [self._place(one) for one in (*statement.args, *changing.values())]
        if isinstance(operation.returned, list | tuple) and results:
            several = self._add(function, places)
            for number, name in enumerate(results):
                self._places[name] = self._add(operator.getitem, (several, self._register(number)))
            self._add(_nothing, (), done=[several, *(self._places[name] for name in done)])
            return
        result = self._unused
        if results:
            result = self._places[results[0]] = self._register(None)
        self._add(function, places, result, [self._places[name] for name in done])

    def _add(
        self,
        function: Callable[..., Any],
        places: Sequence[int] = (),
        result: int | None = None,
        done: Sequence[int] = (),
    ) -> int:
        """Add a call, and return the register of its result."""
        result = self._register(None) if result is None else result
        freed = (*done, self._unused) if result == self._unused else tuple(done)
        self._calls.append((function, tuple(places), result, freed))
        return result

    def _place(self, value: Any) -> int:
        """The register of an argument; lists of tensors that change are made by a call of their own."""
        if isinstance(value, Name):
            return self._places[value.text]
        if isinstance(value, list | tuple) and _has_name(value):
            if any(isinstance(one, Name) and one.text[0] != "k" for one in value):
                return self._add(_as_list, [self._place(one) for one in value])
            return self._register([self._registers[self._place(one)] for one in value])
        return self._register(value)

    def _register(self, value: Any) -> int:
        self._registers.append(value)
        return len(self._registers) - 1


def _has_name(value: Any) -> bool:
    return isinstance(value, Name) or (isinstance(value, list | tuple) and any(map(_has_name, value)))


def _as_list(*values: Any) -> list[Any]:
    return list(values)


def _nothing() -> None:
    """Only registers are freed."""


def _with_keywords(function: Callable[..., Any], keys: tuple[str, ...], *values: Any) -> Any:
    """Call a function with its last arguments by keyword."""
    number = len(values) - len(keys)
    return function(*values[:number], **dict(zip(keys, values[number:], strict=True)))
