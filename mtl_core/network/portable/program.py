"""A network as a list of PyTorch's core operators: what an exported folder holds instead of code."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.export.graph_signature import InputKind

from mtl_core.errors import UserError
from mtl_core.network.portable.model import ARITHMETIC, operator_named

TRACED_ROWS = 6
"""Rows of the examples that a network is traced with; any other number works as well."""
DROPPED = {"layout", "pin_memory"}
"""Arguments that say where PyTorch keeps a tensor, and change no number."""
COPIES = {"prims.copy_strided.default"}
"""Operators that copy a tensor into another order in memory: what follows reads the tensor itself."""


@dataclass(frozen=True)
class TracedProgram:
    """A traced network.

    Args:
        facts: what :class:`mtl_core.network.portable.model.Program` reads.
        constants: tensors that the network holds beside its parameters, by the names that ``facts`` refers to.
    """

    facts: dict[str, Any]
    constants: dict[str, Tensor]


def trace(module: nn.Module, num_inputs: int, prefix: str) -> TracedProgram:
    """Return ``module`` as a program: it takes examples ``[b, num_inputs]`` and returns a dictionary of tensors.

    Args:
        module: in evaluation mode; called with ``logits=True``.
        num_inputs: number of input columns.
        prefix: what the names of the program's constants begin with.

    Raises:
        UserError: if PyTorch cannot trace the module, or it needs operators beyond the core ones.
    """
    traced = _traced(module, num_inputs)
    nodes: list[list[Any]] = []
    names: dict[str, Any] = {}
    signature = {spec.arg.name: spec for spec in traced.graph_signature.input_specs}
    constants: dict[str, Tensor] = {}
    for node in traced.graph.nodes:
        if node.op == "placeholder":
            spec = signature[node.name]
            if spec.kind in (InputKind.PARAMETER, InputKind.BUFFER):
                names[node.name] = spec.target
            elif spec.kind == InputKind.CONSTANT_TENSOR:
                names[node.name] = f"{prefix}/{node.name}"
                value = traced.constants[str(spec.target)]
                assert isinstance(value, Tensor), type(value)
                constants[f"{prefix}/{node.name}"] = value.detach()
            else:
                names[node.name] = "x"
        elif str(node.target) in COPIES:
            names[node.name] = names[node.args[0].name]
        elif node.op == "call_function" and node.users:
            names[node.name] = node.name
            nodes.append([node.name, _operator(node.target), *_arguments(node, names)])
    output = next(node for node in traced.graph.nodes if node.op == "output")
    parameters = [spec.target for spec in signature.values() if spec.kind in (InputKind.PARAMETER, InputKind.BUFFER)]
    facts = {
        "nodes": nodes,
        "outputs": [names[one.name] for one in output.args[0]],
        "parameters": parameters,
        "constants": list(constants),
    }
    return TracedProgram(facts, constants)


def _traced(module: nn.Module, num_inputs: int) -> torch.export.ExportedProgram:
    x = torch.zeros(TRACED_ROWS, num_inputs)
    shapes = {"x": {0: torch.export.Dim.DYNAMIC}, "logits": None}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch warns of its own code
            program = torch.export.export(module, (x,), {"logits": True}, strict=False, dynamic_shapes=shapes)
            return program.run_decompositions()
    except Exception as error:  # what a user's module raises while it is traced may be of any class
        reason = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:200]}"
        advice = "Write the module with operators that torch.export can trace, for any number of rows."
        raise UserError("export", f"a network cannot be traced ({reason}).", advice) from error


def _operator(target: Any) -> str:
    """The name of an operator in model.json.

    Raises:
        UserError: if a model may not use it.
    """
    known = {function: name for name, function in ARITHMETIC.items()}
    if target in known:
        return known[target]
    name = str(target).removeprefix("aten.")
    try:
        operator_named(name)
    except ValueError as error:
        found = f"a network uses {str(target)[:80]}, which is none of PyTorch's core operators."
        raise UserError("export", found, "Write the module without it.") from error
    return name


def _arguments(node: torch.fx.Node, names: Mapping[str, str]) -> tuple[list[Any], dict[str, Any]]:
    kwargs = {name: value for name, value in node.kwargs.items() if name not in DROPPED and value is not None}
    return [_written(one, names) for one in node.args], {name: _written(one, names) for name, one in kwargs.items()}


def _written(value: Any, names: Mapping[str, str]) -> Any:
    """An argument as JSON has it."""
    if isinstance(value, torch.fx.Node):
        return {"value": names[value.name]}
    if isinstance(value, (list, tuple)):
        return [_written(one, names) for one in value]
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if isinstance(value, torch.device):
        return {"device": "of the examples"}
    if isinstance(value, torch.memory_format):
        return {"memory_format": "contiguous"}
    assert value is None or isinstance(value, (bool, int, float, str)), type(value)
    return value
