"""A replica on a GPU: the same masks to the bit, the same network to a tolerance, and no tensor left behind.

``make gpu`` runs these; they are skipped where there is no GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mtl_core.layers.conv import convolve
from mtl_core.layers.dropout import Dropout
from mtl_core.layers.matrix_products import affine
from mtl_core.layers.precision import products_in
from mtl_core.network.feasibility import why_infeasible
from mtl_core.randomness.counter_based import Streams, halves, words
from mtl_core.recipe import Precision, Recipe
from mtl_core.registry import entries, find
from mtl_core.testing.captured import check_captured
from mtl_core.testing.cases import Case
from mtl_core.testing.devices import check_device
from mtl_core.testing.replicas import varied_replicas
from mtl_core.testing.small_tasks import MIXED, small_tasks
from mtl_core.training.captured_steps import CudaGraph
from mtl_core.training.device_precision import products_on
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.cases import every_case
from tests.mtl_core.testing.test_captured import WAITS

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
pytestmark = [pytest.mark.gpu, needs_gpu]

CUDA = torch.device("cuda")
CASES = [case for case in every_case(batch_size=64) if case.trains] if torch.cuda.is_available() else []
RECIPE = Recipe(depth=1, stages=2, width=8, batch_size=16, epochs=25)
TOLERANCES = {1: 1e-5, 10: 1e-4, 100: 2e-2}
"""Largest difference of a loss between CPU and GPU after so many steps: both round, and training amplifies it."""
REPLAYED = 1e-4
"""Largest difference between launches and replays: the same kernels, but libraries may choose among theirs."""


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_architecture_keeps_its_step_on_the_gpu(case: Case) -> None:
    check_device(case.recipe, case.data, CUDA)


@pytest.mark.parametrize("weighting", entries("weighting"))
def test_every_weighting_method_trains_to_finite_losses(weighting: str) -> None:
    recipe, data = replace(RECIPE, weighting=weighting, epochs=2), small_tasks(MIXED, missing=0.3)
    assert why_infeasible(recipe, data) is None
    for outcome in fit(recipe, data, varied_replicas(recipe, len(MIXED), 3), device="cuda"):
        assert outcome.status == "finished", outcome.reason


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_architecture_trains_the_same_by_replays(case: Case) -> None:
    assert check_captured(replace(case.recipe, epochs=6), case.data, CUDA, CudaGraph, REPLAYED) == ""


@pytest.mark.parametrize("weighting", entries("weighting"))
def test_every_weighting_method_trains_the_same_by_replays(weighting: str) -> None:
    """Which methods cannot be captured was found on a CPU; a method that this finds beside them belongs there."""
    recipe, data = replace(RECIPE, weighting=weighting, epochs=6), small_tasks(MIXED, missing=0.3)
    why_not = check_captured(recipe, data, CUDA, CudaGraph, REPLAYED)
    on_host = find("weighting", weighting).cls(data.tasks).solves_on_host
    assert bool(why_not) == (on_host or weighting in WAITS), why_not


def test_random_numbers_are_the_same_to_the_bit() -> None:
    keys = torch.arange(50) * 7046029254386353131
    assert torch.equal(words(halves(keys), 999), words(halves(keys.to(CUDA)), 999).cpu())
    streams, there = Streams((3, 9), "weighting").at([4, 7]), Streams((3, 9), "weighting", CUDA).at([4, 7])
    assert torch.equal(streams.uniform(MIXED), there.uniform(MIXED).cpu())
    masks = []
    for device in (torch.device("cpu"), CUDA):
        dropout = Dropout((0, 1), (0.2, 0.5), device)
        dropout.begin(torch.tensor([[3, 5]], device=device))
        masks.append(dropout.mask([("shared", 0), ("price", 1)], 0, 501, torch.zeros(1, device=device)).cpu())
    assert torch.equal(*masks)


@pytest.mark.parametrize("steps", TOLERANCES)
@pytest.mark.parametrize("double", [False, True], ids=["single", "double"])
def test_a_replica_is_the_same_on_both(steps: int, double: bool) -> None:
    """In double precision a millionth of the tolerance holds: what differs is rounding, and nothing else."""
    torch.set_default_dtype(torch.float64 if double else torch.float32)
    try:
        data = small_tasks(MIXED, examples=40)
        if double:
            examples = replace(
                data.examples, inputs=data.examples.inputs.double(), targets=data.examples.targets.double()
            )
            data = replace(data, examples=examples)
        recipe = replace(RECIPE, batch_size=32, epochs=steps)
        rows = varied_replicas(recipe, len(MIXED), 3)
        here, there = (fit(recipe, data, rows, device=device) for device in ("cpu", "cuda"))
    finally:
        torch.set_default_dtype(torch.float32)
    tolerance = TOLERANCES[steps] * (1e-6 if double else 1.0)
    for one, other in zip(here, there, strict=True):
        found, expected = (torch.as_tensor(run.curves["validation_loss"][-1]) for run in (other, one))
        torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("precision", ["float32", "tf32", "bf16"])
def test_a_row_has_the_same_bits_on_the_gpu_in_another_array(precision: Precision) -> None:
    data, recipe = small_tasks(MIXED, examples=64), replace(RECIPE, epochs=3, precision=precision)
    rows = varied_replicas(recipe, len(MIXED), 4)
    together = fit(recipe, data, rows, device="cuda")
    apart = fit(recipe, data, rows[::-1], device="cuda")[::-1]
    for one, other in zip(together, apart, strict=True):
        assert torch.equal(one.selected, other.selected), one.key


ROUNDED = [case for case in CASES if case.recipe.backbone != "custom"]


@pytest.mark.parametrize("case", ROUNDED[::3], ids=str)
@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_architectures_keep_their_step_on_the_gpu_in_lower_precision(case: Case, precision: Precision) -> None:
    check_device(replace(case.recipe, precision=precision), case.data, CUDA)


@pytest.mark.parametrize("weighting", ["imtl_g", "mgda", "graddrop", "gradnorm"])
@pytest.mark.parametrize("width", [8, 64], ids=["a batched backward pass in float32", "one for each task"])
def test_task_gradients_come_back_in_lower_precision(weighting: str, width: int) -> None:
    for precision in ("tf32", "bf16"):
        recipe = replace(RECIPE, weighting=weighting, width=width, epochs=2, precision=precision)
        for outcome in fit(recipe, small_tasks(MIXED), varied_replicas(recipe, len(MIXED), 3), device="cuda"):
            assert outcome.status == "finished", outcome.reason
            assert outcome.selected.dtype is torch.float32


def results(device: torch.device, dtype: torch.dtype) -> list[list[Tensor]]:
    """An affine layer and a convolution of random numbers, each with its gradients."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((8, 1, 80), (8, 64, 96), (8, 96, 80)), ((2, 3, 16, 8, 12, 12), (2, 3, 16, 8, 3, 3))
    layers: list[Callable[..., Tensor]] = [affine, convolve]
    found = []
    for layer, of_layer in zip(layers, shapes, strict=True):
        drawn = [torch.randn(shape, generator=generator, dtype=torch.float32) for shape in of_layer]
        leaves = [value.to(device, dtype).requires_grad_() for value in drawn]
        y = layer(*leaves)
        seen = torch.arange(y.numel(), device=device, dtype=dtype).cos().view(y.shape)
        found.append([y.detach(), *torch.autograd.grad(y, leaves, seen)])
    return found


def errors(precision: Precision, dtype: torch.dtype = torch.float32, device: torch.device = CUDA) -> list[float]:
    """Largest relative errors of the two on a device, to float64 on the CPU."""
    with products_on(device, precision), products_in(precision):
        own = results(device, dtype)
    return [
        max(float((a.double().cpu() - b).norm() / b.norm()) for a, b in zip(found, exact, strict=True))
        for found, exact in zip(own, results(torch.device("cpu"), torch.float64), strict=True)
    ]


def test_products_are_float32_unless_another_precision_is_asked_for() -> None:
    """Whatever the process has set: TF32 is on here, as it is by PyTorch's default for convolutions."""
    with products_on(CUDA, "tf32"):
        assert max(errors("float32")) < 1e-5
        for dtype in (torch.float32, torch.float64):
            assert 1e-4 < min(errors("bf16", dtype)) < max(errors("bf16", dtype)) < 6e-3
        assert max(errors("tf32")) < 1e-3


def test_tf32_rounds_factors_where_the_card_can() -> None:
    if torch.cuda.get_device_capability() < (8, 0):
        pytest.skip("cards have TF32 since compute capability 8.0")
    assert errors("tf32")[0] > 5e-5


def test_bf16_on_the_gpu_is_bf16_on_the_cpu() -> None:
    """Both multiply the same rounded factors; sums differ by float32, and rounding of the next factors by that."""
    recipe, data = replace(RECIPE, batch_size=32, epochs=1, precision="bf16"), small_tasks(MIXED, examples=40)
    rows = varied_replicas(recipe, len(MIXED), 3)
    here, there = (fit(recipe, data, rows, device=device) for device in ("cpu", "cuda"))
    for one, other in zip(here, there, strict=True):
        found, expected = (torch.as_tensor(run.curves["validation_loss"][-1]) for run in (other, one))
        torch.testing.assert_close(found, expected, rtol=5e-3, atol=5e-3)
