"""A user's module is tried once: what it takes and gives, and whether its copies can run at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode

from mtl_core.backbones.user_modules.bank import Held, VmapSupport, at_once, in_turn, state_of
from mtl_core.backbones.user_modules.factory import check, maker
from mtl_core.errors import UserError

EXAMPLES = (7, 32)
"""Odd and even: kernels treat the tail of an array apart."""
MANY_COPIES, FEW_COPIES, MANY_PARAMETERS = 33, 5, 100_000
"""So many copies that even single features fill the widest unrolled SIMD loop, and few; of large modules always few."""
COMPARISON_GROUPS = ((MANY_COPIES, ([4, 1], [30, 3, 32], list(range(5, 22)))), *[(FEW_COPIES, ([4, 1], [0, 3, 2]))] * 5)
"""Of how many copies which ones run by themselves for comparison; each time with other numbers, for a tail that rounds
differently does so for some of them only."""
UNEVEN = {"sigmoid", "silu", "softplus", "elu", "mish", "glu", "log_sigmoid_forward", "pow"}
"""Operations known to round differently in an array's tail; some so seldom that no trial would show it."""

Run = Callable[[nn.Module, Held, Tensor], tuple[Tensor, Held]]


@lru_cache(maxsize=64)
def tried(entry: Any, where: str, inputs: tuple[int, ...], width: int, dtype: torch.dtype) -> VmapSupport:
    """The verdict on the stage that ``entry`` names or is; ``dtype`` is the default type, which it depends on.

    Copies run at once where torch's ``vmap`` takes the module, forward and backward, gives what single runs give, and
    gives every copy the same bits whatever runs beside it.

    Raises:
        UserError: when it cannot be built, refuses its input, or gives no tensor that a next stage could take.
    """
    made = maker(entry, where, inputs, width)
    module = made.build(0)
    check(module, where)
    seen: list[_Seen] = []
    refusals: dict[bool, str] = {}
    with torch.random.fork_rng(devices=[]), _refusing_fallbacks():
        torch.manual_seed(0)
        for training in (True, False):
            module.train(training)
            for examples in EXAMPLES:
                held = _copies(module)
                x = torch.rand(len(next(iter(held.values()), torch.empty(MANY_COPIES))), examples, *inputs)
                seen.append(_alone(module, held, x, where, made.label))
                if reason := seen[-1].reason or _refusal(module, held, x):
                    refusals.setdefault(training, reason)
    draws = frozenset(training for training, one in zip((True, True, False, False), seen, strict=True) if one.draws)
    return VmapSupport(seen[-1].outputs, refusals, draws, any(one.overwrites for one in seen))


class _Seen(TorchDispatchMode):
    """What a single run of a module does."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs: tuple[int, ...] = ()
        self.draws = self.overwrites = False
        self.uneven: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__.removesuffix("_").removesuffix("_backward")
        whole = name == "pow" and isinstance(args[1], int | float) and float(args[1]).is_integer()
        if name in UNEVEN and not whole:
            self.uneven.append(name)
        return func(*args, **(kwargs or {}))

    @property
    def reason(self) -> str | None:
        """Why copies cannot run at once, if that can be seen from a single run."""
        if self.draws:
            return "it draws random numbers of its own"
        return f"the last bits of {self.uneven[0]} depend on the place in an array" if self.uneven else None


def _alone(module: nn.Module, held: Held, x: Tensor, where: str, label: str) -> _Seen:
    """One copy, forward and backward."""
    own, example = {part: value[0].clone() for part, value in held.items()}, x[0].clone().requires_grad_()
    passed, before, seen = example.clone(), torch.get_rng_state(), _Seen()
    try:
        with seen:
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
    seen.outputs, seen.overwrites = tuple(y.shape[1:]), passed._version > 0
    seen.draws = not torch.equal(before, torch.get_rng_state())
    return seen


def _refusal(module: nn.Module, held: Held, x: Tensor) -> str | None:
    """Why copies cannot run at once, or ``None``."""
    few = {part: value[:FEW_COPIES] for part, value in held.items()}
    try:
        together = _measured(at_once, module, few, x[:FEW_COPIES])
    except Exception as error:  # whatever vmap does not like
        return f"vmap refuses it ({_first_line(error)})"
    single = _measured(in_turn, module, few, x[:FEW_COPIES])
    # a gradient may be nothing but noise, as that of a bias before a batch norm: judge it beside the largest
    scale = max(float(value.abs().nan_to_num().max()) for value in single if value.numel())
    tolerance = 1e4 * torch.finfo(x.dtype).eps * scale
    for one, other in zip(together, single, strict=True):
        if not torch.allclose(one, other, rtol=0.0, atol=tolerance, equal_nan=True):
            return "vmap gives other numbers than single runs"
    groups = COMPARISON_GROUPS if x.shape[1] == EXAMPLES[0] else COMPARISON_GROUPS[-1:]
    for size, parts in (company for company in groups if company[0] <= len(x)):
        some, x = {part: value[:size] for part, value in held.items()}, torch.rand_like(x)
        together = _measured(at_once, module, some, x[:size])
        for chosen in parts:
            fewer = _measured(at_once, module, {part: value[chosen] for part, value in some.items()}, x[chosen])
            if not all(_equal(one, other[chosen]) for one, other in zip(fewer, together, strict=True)):
                return "under vmap a replica's last bits depend on its neighbours"
    return None


def _equal(one: Tensor, other: Tensor) -> bool:
    return torch.equal(one.nan_to_num(), other.nan_to_num())


def _measured(run: Run, module: nn.Module, held: Held, x: Tensor) -> list[Tensor]:
    """Outputs, buffers afterwards, and the gradients of a sum of the outputs, by copy."""
    trained = [part for part, value in module.named_parameters() if value.requires_grad]
    leaves = {part: value.clone().requires_grad_(part in trained) for part, value in held.items()}
    inputs = x.clone().requires_grad_()
    y, buffers = run(module, leaves, inputs.clone())
    found = [y.detach(), *(value.detach().to(y.dtype) for value in buffers.values())]
    if y.requires_grad:
        weights = torch.linspace(0.5, 1.5, y[0].numel()).view(y.shape[1:])
        wanted = [inputs, *(leaves[part] for part in trained)]
        found += torch.autograd.grad((y * weights).sum(), wanted, allow_unused=True, materialize_grads=True)
    return found


def _copies(module: nn.Module) -> Held:
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
    """That vmap makes single calls inside, for want of a rule, is an error; other warnings are for the real runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message="There is a performance drop")
        yield


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:100]}".removesuffix(": ")


def describe(label: str, number: int, support: VmapSupport) -> Sequence[str]:
    """What the plan says of the stage."""
    refusals = support.refusals
    name = f"Stage {number} ({label})"
    if not refusals:
        return [f"{name} runs for all replicas at once."]
    if len(refusals) == 2 and len(set(refusals.values())) == 1:
        return [f"{name} runs for one replica after another: {refusals[True]}."]
    modes = {True: "in training", False: "in evaluation"}
    return [f"{name} runs {modes[mode]} for one replica after another: {why}." for mode, why in refusals.items()]
