"""How a GPU multiplies is set inside a block, and put back after it; none is needed to see that."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mtl_core.errors import UserError
from mtl_core.recipe import Precision, Recipe
from mtl_core.testing.replicas import varied_replicas
from mtl_core.testing.small_tasks import MIXED, small_tasks
from mtl_core.training import device_precision, fused_array
from mtl_core.training.device_precision import _settings, check_precision, products_on
from mtl_core.training.fused_array import FusedArray
from mtl_core.training.trainer import fit

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
newer = pytest.mark.skipif(not hasattr(torch.backends.cudnn, "conv"), reason="PyTorch is older than 2.9")


def now() -> list[Any]:
    return [getattr(owner, name) for owner, name, _ in _settings(tf32=False)]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in _settings(tf32=False)]
    yield
    for owner, name, value in before:
        setattr(owner, name, value)


@newer
@pytest.mark.parametrize("asked", ["float32", "tf32", "bf16"])
@pytest.mark.parametrize("earlier", ["ieee", "tf32", "none"])
def test_a_gpu_multiplies_as_asked_whatever_was_set(asked: Precision, earlier: str) -> None:
    for owner, name, _ in _settings(tf32=False)[:-1]:
        setattr(owner, name, earlier)
    before = now()
    with products_on(CUDA, asked):
        assert now() == ["tf32" if asked == "tf32" else "ieee"] * 3 + [False]
        with products_on(CUDA, "float32"):
            assert now() == ["ieee"] * 3 + [False]
        assert now() == ["tf32" if asked == "tf32" else "ieee"] * 3 + [False]
    assert now() == before
    with pytest.raises(ZeroDivisionError), products_on(CUDA, asked):
        _ = 1 / 0
    assert now() == before


@pytest.mark.parametrize("legacy", ["highest", "high", "medium"])
def test_settings_by_the_older_functions_of_pytorch_are_put_back(legacy: str) -> None:
    kept = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(legacy)
    try:
        told = torch.backends.cuda.matmul.allow_tf32
        with products_on(CUDA, "float32"):
            pass
        assert torch.backends.cuda.matmul.allow_tf32 is told is (legacy != "highest")
        assert torch.get_float32_matmul_precision() == legacy
    finally:
        torch.set_float32_matmul_precision(kept)


def test_nothing_is_set_for_a_cpu() -> None:
    before = now()
    with products_on(CPU, "tf32"):
        assert now() == before


def test_an_older_pytorch_is_told_by_its_older_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    matrices = SimpleNamespace(allow_tf32=True, allow_bf16_reduced_precision_reduction=True)
    cudnn = SimpleNamespace(allow_tf32=True)
    older = SimpleNamespace(cuda=SimpleNamespace(matmul=matrices), cudnn=cudnn)
    monkeypatch.setattr(device_precision.torch, "backends", older)
    with products_on(CUDA, "float32"):
        assert not any([matrices.allow_tf32, cudnn.allow_tf32, matrices.allow_bf16_reduced_precision_reduction])
    assert matrices.allow_tf32
    assert cudnn.allow_tf32
    with products_on(CUDA, "tf32"):
        assert matrices.allow_tf32


def test_tf32_is_refused_where_there_is_no_gpu() -> None:
    check_precision(Recipe(precision="tf32"), CUDA)
    for precision in ("float32", "bf16"):
        check_precision(Recipe(precision=precision), CPU)
    with pytest.raises(UserError, match=r"precision: tf32: only GPUs multiply in TF32, and the device is cpu\. Choose"):
        check_precision(Recipe(precision="tf32"), CPU)
    data = small_tasks(MIXED, examples=32)
    recipe = Recipe(depth=1, stages=1, width=4, epochs=1, precision="tf32")
    with pytest.raises(UserError, match="only GPUs"):
        fit(recipe, data, varied_replicas(recipe, len(MIXED), 2))


def test_layers_of_others_are_refused_in_bf16() -> None:
    check_precision(Recipe(precision="tf32", backbone="custom"), CUDA)
    with pytest.raises(UserError, match=r"precision: bf16: .*custom has others\. Choose float32 or tf32"):
        check_precision(Recipe(precision="bf16", backbone="custom"), CPU)


def test_training_and_evaluation_stand_inside_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether an array would train in the block on a GPU is asked of one that claims to be there."""
    inside: list[str] = []
    real = FusedArray.advance

    class Block:
        def __init__(self, device: torch.device, precision: str) -> None:
            self.precision = precision

        def __enter__(self) -> None:
            inside.append(self.precision)

        def __exit__(self, *_: object) -> None:
            inside.append("over")

    monkeypatch.setattr(fused_array, "products_on", Block)
    done: list[int] = []

    def advance(array: FusedArray) -> None:
        trainer, selection = array._trainer, array._selection
        for owner, method in ((trainer, "train_epoch"), (selection, "after_epoch")):
            within = getattr(owner, method)
            monkeypatch.setattr(owner, method, lambda *a, within=within: (done.append(len(inside)), within(*a))[1])
        real(array)

    monkeypatch.setattr(FusedArray, "advance", advance)
    recipe = Recipe(depth=1, stages=1, width=4, epochs=1, precision="bf16")
    fit(recipe, small_tasks(MIXED, examples=32), varied_replicas(recipe, len(MIXED), 2))
    assert inside == ["bf16", "over", "bf16", "over"]
    assert done == [1, 3], "each within a block"
