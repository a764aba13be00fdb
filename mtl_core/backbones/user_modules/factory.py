"""Building a user's own modules, which are named by dotted paths or given as Python objects."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from mtl_core.errors import UserError
from mtl_core.registry import imported

LARGEST_INTEGER = 2**24
"""Largest whole number up to which float32, the type of a replica's stored row, is exact."""


@dataclass(frozen=True)
class Maker:
    """Builder of a stage's module.

    Args:
        label: name of the module in messages.
        make: builds the module and draws its parameters from torch's global generator.
        given: whether the module keeps the weights that it was given instead of drawing new ones.
    """

    label: str
    make: Callable[[], nn.Module]
    given: bool

    def build(self, seed: int) -> nn.Module:
        """Return the module as ``seed`` initialises it, with floating-point numbers in the default type."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = self.make()
        if any(value.is_complex() for value in module.state_dict().values() if not nn.parameter.is_lazy(value)):
            return module  # :func:`check` refuses it
        return module.to(torch.get_default_dtype())


def maker(entry: Any, where: str, inputs: Sequence[int], width: int) -> Maker:
    """Return the builder of the stage that ``entry`` names or is.

    A dotted path ``package.module:name`` is imported, which runs the user's code.  The object may be a class or a
    function that returns a module, or a module.  Classes and functions are called with those of the keywords ``inputs``
    (shape of an example) and ``width`` that their signature names.  A module with ``reset_parameters`` is initialised
    anew for each seed and copy; one without, such as a pretrained one, is taken as it is.

    Args:
        entry: dotted path, class, function or module.
        where: place in the study file, for messages.
        inputs: shape of an example that enters the stage.
        width: width of the backbone.

    Raises:
        UserError: when the path cannot be imported or the object is of another kind.
    """
    obj = imported(entry, where) if isinstance(entry, str) else entry
    label = entry if isinstance(entry, str) else getattr(entry, "__qualname__", type(entry).__qualname__)
    if isinstance(obj, nn.Module):
        fresh = callable(getattr(obj, "reset_parameters", None))
        return Maker(label, lambda: _copied(obj, fresh), given=not fresh and any(True for _ in obj.parameters()))
    if not callable(obj):
        raise UserError(where, f"{label!r} is {type(obj).__name__}.", "Name a class or a function that gives a module.")
    return Maker(label, lambda: _called(obj, label, where, inputs, width), given=False)


def check(module: nn.Module, where: str) -> None:
    """Refuse a module whose parameters or buffers cannot be stored in a row of float32 numbers.

    Raises:
        UserError: for parameters or buffers without a shape, complex ones, and whole numbers beyond 2²⁴.
    """
    for name, value in (*module.named_parameters(), *module.named_buffers()):
        if nn.parameter.is_lazy(value):
            raise UserError(where, f"{name} has no shape before the first call.", "Give its layer the sizes.")
        if value.is_complex():
            raise UserError(where, f"{name} is complex.", "Keep its real and imaginary part in two real ones.")
        if not value.is_floating_point() and value.numel() and value.long().abs().max() > LARGEST_INTEGER:
            raise UserError(
                where, f"{name} holds whole numbers beyond {LARGEST_INTEGER:,}.", "Keep them out of buffers."
            )


def _called(factory: Callable[..., Any], label: str, where: str, inputs: Sequence[int], width: int) -> nn.Module:
    offered = {"inputs": tuple(inputs), "width": width}
    try:
        asked = inspect.signature(factory).parameters
    except ValueError:  # some built-in ones have none
        asked = {}
    try:
        module = factory(**{name: value for name, value in offered.items() if name in asked})
    except Exception as error:  # as above
        remedy = "A factory gets the keywords inputs and width, if it has them, and nothing else."
        raise UserError(where, f"{label} cannot be made ({type(error).__name__}: {error}).", remedy) from error
    if not isinstance(module, nn.Module):
        raise UserError(where, f"{label} gives {type(module).__name__}.", "It should give a torch.nn.Module.")
    return module


def _copied(module: nn.Module, fresh: bool) -> nn.Module:
    own = copy.deepcopy(module)
    if fresh:
        own.reset_parameters()  # type: ignore[operator]
    return own
