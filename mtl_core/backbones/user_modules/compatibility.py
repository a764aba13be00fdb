"""Trial run of a user's module: its output shape, and whether its copies can run as one batch under ``vmap``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from mtl_core.backbones.user_modules.bank import ModuleState, VmapSupport, run_batched, run_one_by_one, state_of
from mtl_core.backbones.user_modules.factory import check, maker
from mtl_core.errors import UserError
from mtl_core.layers.uneven_operations import RecordedOperations

EXAMPLES = (7, 32)
"""Batch sizes of the trial, an odd and an even one, because kernels process the tail of an array separately."""
MANY_COPIES, FEW_COPIES, MANY_PARAMETERS = 33, 5, 100_000
"""Numbers of copies in the trial, and the number of parameters from which on few copies are used throughout.

With ``MANY_COPIES`` even single features fill the widest unrolled SIMD loop.
"""
COMPARISON_GROUPS = ((MANY_COPIES, ([4, 1], [30, 3, 32], list(range(5, 22)))), *[(FEW_COPIES, ([4, 1], [0, 3, 2]))] * 5)
"""Pairs of a number of copies and the subsets of them that are run again by themselves for comparison.

Every group has other random numbers, because a tail that rounds differently does so for some numbers only.
"""

Run = Callable[[nn.Module, ModuleState, Tensor], tuple[Tensor, ModuleState]]


@lru_cache(maxsize=64)
def vmap_support(entry: Any, where: str, inputs: tuple[int, ...], width: int, dtype: torch.dtype) -> VmapSupport:
    """Return whether copies of a stage's module can run as one batch, found by running the module.

    They can where torch's ``vmap`` supports the module, forward and backward, gives the numbers of single runs, and
    gives every copy the same bits whatever copies run beside it.

    Args:
        entry: dotted path, class, function or module of the stage.
        where: place in the study file, for messages.
        inputs: shape of an example that enters the stage.
        width: width of the backbone.
        dtype: torch's default type, on which the result depends.

    Raises:
        UserError: when the module cannot be built, refuses its input, or gives no tensor that a next stage could take.
    """
    made = maker(entry, where, inputs, width)
    module = made.build(0)
    check(module, where)
    recorders: list[_Recorder] = []
    refusals: dict[bool, str] = {}
    with torch.random.fork_rng(devices=[]), _refusing_fallbacks():
        torch.manual_seed(0)
        for training in (True, False):
            module.train(training)
            for examples in EXAMPLES:
                state = _copies(module)
                x = torch.rand(len(next(iter(state.values()), torch.empty(MANY_COPIES))), examples, *inputs)
                recorders.append(_run_single(module, state, x, where, made.label))
                if reason := recorders[-1].reason or _why_not_batched(module, state, x):
                    refusals.setdefault(training, reason)
    runs = zip((True, True, False, False), recorders, strict=True)
    draws = frozenset(training for training, recorder in runs if recorder.draws)
    return VmapSupport(recorders[-1].outputs, refusals, draws, any(recorder.overwrites for recorder in recorders))


class _Recorder(RecordedOperations):
    """Records what a single run of a module does: its output shape, random draws and uneven operations."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs: tuple[int, ...] = ()
        self.draws = self.overwrites = False

    @property
    def reason(self) -> str | None:
        """Why copies cannot run as one batch, if a single run shows it."""
        if self.draws:
            return "it draws random numbers of its own"
        return f"the last bits of {self.uneven[0]} depend on the place in an array" if self.uneven else None


def _run_single(module: nn.Module, state: ModuleState, x: Tensor, where: str, label: str) -> _Recorder:
    """Run the first copy forward and backward, and return what was recorded."""
    own, example = {part: value[0].clone() for part, value in state.items()}, x[0].clone().requires_grad_()
    passed, before, recorder = example.clone(), torch.get_rng_state(), _Recorder()
    try:
        with recorder:
            y = functional_call(module, own, passed)
        if isinstance(y, Tensor) and y.requires_grad:
            torch.autograd.grad(y.sum(), example, allow_unused=True)
    except Exception as error:  # the user's code runs here
        shape = ", ".join(map(str, ("b", *x.shape[2:])))
        remedy = "Let it take what the stage before it gives, and let gradients through."
        raise UserError(where, f"{label} refuses examples [{shape}] ({_first_line(error)}).", remedy) from error
    if not isinstance(y, Tensor) or not y.is_floating_point():
        raise UserError(where, f"{label} gives {type(y).__name__}.", "Let it give one floating-point tensor.")
    if y.ndim < 2 or len(y) != x.shape[1]:
        found = f"{label} gives {list(y.shape)} for {x.shape[1]} examples."
        raise UserError(where, found, "Let its first dimension be the examples and a second one the features.")
    recorder.outputs, recorder.overwrites = tuple(y.shape[1:]), passed._version > 0
    recorder.draws = not torch.equal(before, torch.get_rng_state())
    return recorder


def _why_not_batched(module: nn.Module, state: ModuleState, x: Tensor) -> str | None:
    """Why copies cannot run as one batch, or ``None``."""
    few = {part: value[:FEW_COPIES] for part, value in state.items()}
    try:
        batched = _results(run_batched, module, few, x[:FEW_COPIES])
    except Exception as error:  # vmap raises errors of many types
        return f"vmap refuses it ({_first_line(error)})"
    single = _results(run_one_by_one, module, few, x[:FEW_COPIES])
    # a gradient may be nothing but noise, as that of a bias before a batch norm: compare it with the largest
    scale = max(float(value.abs().nan_to_num().max()) for value in single if value.numel())
    tolerance = 1e4 * torch.finfo(x.dtype).eps * scale
    for one, other in zip(batched, single, strict=True):
        if not torch.allclose(one, other, rtol=0.0, atol=tolerance, equal_nan=True):
            return "vmap gives other numbers than single runs"
    groups = COMPARISON_GROUPS if x.shape[1] == EXAMPLES[0] else COMPARISON_GROUPS[-1:]
    for size, subsets in (group for group in groups if group[0] <= len(x)):
        some, x = {part: value[:size] for part, value in state.items()}, torch.rand_like(x)
        batched = _results(run_batched, module, some, x[:size])
        for subset in subsets:
            fewer = _results(run_batched, module, {part: value[subset] for part, value in some.items()}, x[subset])
            if not all(_equal(one, other[subset]) for one, other in zip(fewer, batched, strict=True)):
                return "under vmap a replica's last bits depend on its neighbours"
    return None


def _equal(one: Tensor, other: Tensor) -> bool:
    return torch.equal(one.nan_to_num(), other.nan_to_num())


def _results(run: Run, module: nn.Module, state: ModuleState, x: Tensor) -> list[Tensor]:
    """Outputs, buffers after the run, and the gradients of a weighted sum of the outputs, by copy."""
    trained = [part for part, value in module.named_parameters() if value.requires_grad]
    leaves = {part: value.clone().requires_grad_(part in trained) for part, value in state.items()}
    inputs = x.clone().requires_grad_()
    y, buffers = run(module, leaves, inputs.clone())
    results = [y.detach(), *(value.detach().to(y.dtype) for value in buffers.values())]
    if y.requires_grad:
        weights = torch.linspace(0.5, 1.5, y[0].numel()).view(y.shape[1:])
        wanted = [inputs, *(leaves[part] for part in trained)]
        results += torch.autograd.grad((y * weights).sum(), wanted, allow_unused=True, materialize_grads=True)
    return results


def _copies(module: nn.Module) -> ModuleState:
    """Copies of a module that differ in their parameters."""
    state = state_of(module)
    large = sum(value.numel() for value in state.values()) > MANY_PARAMETERS
    factors = torch.linspace(0.9, 1.1, FEW_COPIES if large else MANY_COPIES)
    buffers = {part for part, _ in module.named_buffers()}
    return {
        part: torch.stack([value.clone() if part in buffers else value * factor for factor in factors])
        for part, value in state.items()
    }


@contextmanager
def _refusing_fallbacks() -> Iterator[None]:
    """Turn vmap's warning that it falls back on single calls into an error; other warnings appear in the real runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message="There is a performance drop")
        yield


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:100]}".removesuffix(": ")


def describe(label: str, number: int, support: VmapSupport) -> Sequence[str]:
    """Return the plan's sentences on how a stage runs.

    Args:
        label: name of the module.
        number: of the stage, from 1.
        support: what the trial of the module found.
    """
    refusals = support.refusals
    name = f"Stage {number} ({label})"
    if not refusals:
        return [f"{name} runs for all replicas at once."]
    if len(refusals) == 2 and len(set(refusals.values())) == 1:
        return [f"{name} runs for one replica after another: {refusals[True]}."]
    modes = {True: "in training", False: "in evaluation"}
    return [f"{name} runs {modes[mode]} for one replica after another: {why}." for mode, why in refusals.items()]
