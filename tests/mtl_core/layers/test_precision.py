"""Where factors are rounded: in the passes of networks whose recipe says so, and in every product of theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.precision import factors_are_rounded, products_in
from mtl_core.recipe import Precision
from mtl_core.registry import entries
from mtl_core.testing.cases import Case
from mtl_core.testing.devices import META, array_on, check_device
from tests.mtl_core.testing.test_devices import cases_on

NETWORKS = [
    *((sharing, "mlp") for sharing in ("hard", "aitm", "cross_stitch", "mmoe", "mtan")),
    *(("hard", backbone) for backbone in ("convnet", "resnet", "transformer")),
    *(("low_rank", backbone) for backbone in ("mlp", "convnet", "transformer")),
]
LOSS, GRADIENT = 2e-3, 6e-2
"""Largest difference to float64 of the losses and of the whole gradient, as a share of their norms.  A factor differs
by one part in 512 at most; in a gradient activations that turn round count for most of the difference."""
BACKBONES = ("mlp", "transformer", "convnet", "resnet")
IN_FLOAT32 = {"cross_stitch", "dselect_k", "learned_branch", "mmoe", "mtl_lora", "omoe", "relationship", "sluice"}
"""Architectures that mix signals by a few weights, compose parameters of others, or compare parameters: so many
products of small matrices are float32, since there is next to nothing to save."""


def test_factors_are_rounded_inside_the_block_alone() -> None:
    seen: list[bool] = []
    assert not factors_are_rounded()
    with products_in("bf16"):
        assert factors_are_rounded()
        for other in ("float32", "tf32"):
            with products_in(other):
                assert not factors_are_rounded()
        thread = Thread(target=lambda: seen.append(factors_are_rounded()))
        thread.start()
        thread.join()
        assert factors_are_rounded()
    assert seen == [False], "another thread trains another network"
    with pytest.raises(ZeroDivisionError), products_in("bf16"):
        _ = 1 / 0
    assert not factors_are_rounded()


def passed(case: Case, precision: Precision, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """The losses of a network before its first step, and their gradient by all parameters."""
    parts = array_on(replace(case.recipe, precision=precision), case.data, torch.device("cpu"))
    theta = {slot: value.detach().to(dtype).requires_grad_(slot.trained) for slot, value in parts.theta.items()}
    index = torch.arange(32).expand(2, len(case.data.tasks) if case.data.own_inputs else 1, 32)
    x, y = (values.to(dtype) for values in (parts.loader.inputs(index), parts.loader.targets(index)[0]))
    losses = parts.network.losses(parts.network(theta, x, ForwardContext()), y).mean(dim=2)
    leaves = [theta[slot] for slot in parts.network.layout.trained]
    gradients = torch.autograd.grad(losses.sum(), leaves, allow_unused=True)
    flat = [
        (torch.zeros_like(leaf) if one is None else one).flatten() for one, leaf in zip(gradients, leaves, strict=True)
    ]
    return losses.detach().double(), torch.cat(flat).double()


@pytest.mark.parametrize(("sharing", "backbone"), NETWORKS)
def test_losses_and_gradients_are_those_of_float64_to_the_precision_of_the_factors(sharing: str, backbone: str) -> None:
    case = cases_on(sharing, backbone)[0]
    exact = passed(case, "float32", torch.float64)
    for found, expected, most in zip(passed(case, "bf16", torch.float32), exact, (LOSS, GRADIENT), strict=True):
        assert 1e-6 < (found - expected).norm() / expected.norm() < most
    for found, expected in zip(passed(case, "float32", torch.float32), exact, strict=True):
        assert (found - expected).norm() / expected.norm() < 1e-6


class Factors(TorchDispatchMode):
    """Mode that counts matrix products and convolutions by the type of their factors."""

    def __init__(self) -> None:
        super().__init__()
        self.types = Counter[torch.dtype]()

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run the operation and count it."""
        if any(name in str(func) for name in (".bmm.", ".mm.", ".addmm.", ".baddbmm.", "convolution")):
            self.types[args[0].dtype] += 1
        return func(*args, **dict(kwargs or {}))


@pytest.mark.parametrize("sharing", entries("sharing"))
def test_no_layer_is_forgotten(sharing: str) -> None:
    """On a device that is no CPU a whole step, evaluation included, multiplies bfloat16; backbones take turns."""
    turn = [*entries("sharing")].index(sharing) % len(BACKBONES)
    case = next(cases[0] for name in (*BACKBONES[turn:], "mlp") if (cases := cases_on(sharing, name)))
    with Factors() as factors:
        check_device(replace(case.recipe, precision="bf16"), case.data, META)
    assert factors.types.pop(torch.bfloat16) > 10
    assert sharing in IN_FLOAT32 or not factors.types


def test_other_precisions_round_no_factors() -> None:
    case = cases_on("hard", "mlp")[0]
    with Factors() as factors:
        check_device(replace(case.recipe, precision="tf32"), case.data, META)
    assert set(factors.types) == {torch.float32}


@pytest.mark.parametrize("depth", [1, 2], ids=["towers", "heads alone"])
@pytest.mark.parametrize(("weighting", "in_float32"), [("graddrop", 0), ("imtl_g", 2)])
def test_task_gradients_come_of_rounded_factors_and_gramians_do_not(
    weighting: str, in_float32: int, depth: int
) -> None:
    """A Gramian and the sum by its weights are the only products in float32; parameters stay float32 throughout."""
    case = cases_on("hard", "mlp")[0]
    recipe = replace(case.recipe, weighting=weighting, depth=depth, precision="bf16")
    with Factors() as factors:
        check_device(recipe, case.data, META)
    assert factors.types[torch.bfloat16] > 30
    assert factors.types[torch.float32] == in_float32
    assert {value.dtype for value in array_on(recipe, case.data).parameters} == {torch.float32}
