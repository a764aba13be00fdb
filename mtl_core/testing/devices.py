"""What a step promises to a device: nothing of it stays on the host, and the host learns nothing before the epoch ends.

``check_device(case)`` trains a case on the device ``meta``, which every machine has.  Tensors there have a shape and no
numbers; they refuse to mix with tensors of the CPU, and to tell a number to the host.  So what passes runs on a GPU
without a tensor left behind and without a wait in the middle of a step.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from mtl_core.data.preprocessing import Preparation, prepare
from mtl_core.data.task_set import Development
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.gradients import conflict
from mtl_core.network.network import Network
from mtl_core.randomness.counter_based import stream_keys
from mtl_core.recipe import Recipe
from mtl_core.testing.replicas import varied_replicas
from mtl_core.training.array_parts import ArrayParts, assemble
from mtl_core.training.fused_array import fresh_state
from mtl_core.training.model_selection import ModelSelection
from mtl_core.training.train_epoch import EpochTrainer

META = torch.device("meta")


class OnOneDevice(TorchDispatchMode):
    """Mode in which no operation may read or make a tensor on another device, not even a single number.

    What is made once and kept, :class:`mtl_core.fixed_tensor.FixedTensor` and the keys of random streams, is exempt.

    Args:
        device: the device.

    Raises:
        AssertionError: inside the block, naming the operation.
    """

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self._type = device.type

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run the operation and look at the devices of its tensors."""
        given = dict(kwargs or {})
        found = func(*args, **given)
        for value in _tensors((*args, *given.values(), found)):
            if value.device.type != self._type and not _is_made_once():
                raise AssertionError(f"{func} has a tensor on {value.device}, {tuple(value.shape)}, within a step.")
        return found


_OF_NUMBERS = (torch.tensor, torch.as_tensor, torch.asarray, torch.from_numpy, torch.Tensor.new_tensor)


class NoNumbers(TorchFunctionMode):
    """Mode in which no tensor is made of numbers of the host, which a GPU would copy at every step.

    Raises:
        AssertionError: inside the block.
    """

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run the function unless it copies from the host."""
        if func in _OF_NUMBERS and not _is_made_once():
            raise AssertionError(f"{func.__name__} makes a tensor of numbers of the host within a step.")
        return func(*args, **dict(kwargs or {}))


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    """The tensors among the arguments or results of an operation, which may be sequences of tensors."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


_MADE_ONCE = {FixedTensor.__init__.__code__, FixedTensor._copy.__code__, stream_keys.__code__}


def _is_made_once() -> bool:
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code in _MADE_ONCE:
            return True
        frame = frame.f_back
    return False


def check_device(recipe: Recipe, data: Development, device: torch.device = META) -> None:
    """Train two replicas for an epoch on ``device``, evaluate them, and end the epoch.

    Args:
        recipe: what is trained.
        data: the examples, on the CPU.
        device: ``meta``, unless there is another.

    Raises:
        AssertionError: when a step or an evaluation has a tensor elsewhere.
        RuntimeError: when one asks the device for a number; NotImplementedError: when it copies from ``meta``.
    """
    parts = array_on(recipe, data, device)
    trainer, selection = EpochTrainer(parts), ModelSelection(parts)
    probes = conflict.Probes(recipe, data, parts.network, parts.preparations, parts.seeds)
    epoch = trainer.begin()
    strictly(trainer.step, epoch, 0, device=device)
    weights = strictly(trainer.end, epoch, device=device)
    probes.note(parts.theta, parts.loader, parts.state, parts.epochs)
    strictly(selection.after_epoch, weights, device=device)


def strictly(work: Callable[..., Any], *arguments: Any, device: torch.device = META) -> Any:
    """Return what ``work`` returns, in the modes :class:`OnOneDevice` and :class:`NoNumbers`."""
    with NoNumbers(), OnOneDevice(device):
        return work(*arguments)


def array_on(recipe: Recipe, data: Development, device: torch.device = META) -> ArrayParts:
    """Return an array of two replicas that differ in everything that may differ, on ``device``."""
    network, rows = Network(recipe, data.tasks, data.shape), varied_replicas(recipe, len(data.tasks), 2)
    states = [fresh_state(recipe, network, row) for row in rows]
    return assemble(recipe, data, network, rows, states, [_prepared(data, row.seed) for row in rows], device)


class _ByIdentity:
    """A task set that is equal to itself alone, so that it can be a key."""

    def __init__(self, data: Development) -> None:
        self.data = data

    def __hash__(self) -> int:
        return id(self.data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.data is self.data


@lru_cache(maxsize=64)
def _prepared_for(key: _ByIdentity, seed: int) -> Preparation:
    return prepare(key.data, seed)


def _prepared(data: Development, seed: int) -> Preparation:
    return _prepared_for(_ByIdentity(data), seed)
