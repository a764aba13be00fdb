"""A recording has every operation of a step, what it changed, and why the step cannot be repeated if it cannot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mtl_core.layers.matrix_products import ONEDNN
from mtl_core.training.recorded_steps import recording
from mtl_core.training.recorded_steps.recording import Recording

X = torch.arange(6.0).view(2, 3)


def of(step: Callable[[], object]) -> Recording:
    return Recording().of(step)


def test_operations_of_autograd_are_recorded_too() -> None:
    weight = torch.ones(3, requires_grad=True)
    found = of(lambda: torch.autograd.grad((X * weight).sum(), weight))
    names = [operation.name for operation in found.operations]
    assert names[:2] == ["mul", "sum"]
    assert names.count("mul") == 2, "the product's backward pass is one as well"
    assert found.why_not == ""


def test_what_an_operation_changes_is_known() -> None:
    total, mean, variance = torch.zeros(2, 3), torch.zeros(3), torch.ones(3)

    def step() -> None:
        total.add_(X)
        torch._foreach_mul_([total], 2.0)  # pyright: ignore[reportPrivateImportUsage]
        torch.nn.functional.batch_norm(X, mean, variance, training=True)

    changed = [[id(one) for one in operation.changed] for operation in of(step).operations]
    assert [id(total)] in changed[:1]
    assert changed[1] == [id(total)]
    assert [id(mean), id(variance)] in changed, "though not every schema of a batch norm says so"


@pytest.mark.parametrize(
    "step",
    [
        X.tolist,
        X.numpy,
        lambda: X.sum().item(),
        lambda: bool((X > 0).any()),
        lambda: X[X > 2],
        X.nonzero,
        lambda: torch.rand(3),
        lambda: torch.nn.functional.dropout(X),
        lambda: torch.empty(0).set_(X),
    ],
)
def test_what_depends_on_more_than_tensors_is_refused(step: Callable[[], object]) -> None:
    found = of(step)
    assert found.why_not
    assert not found.operations


def test_an_index_of_numbers_is_none_of_that() -> None:
    assert of(lambda: X[torch.tensor([0, 1]), torch.tensor([2, 0])]).why_not == ""


def test_results_that_take_too_much_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LARGEST", 40)
    assert of(lambda: X + 1).why_not == ""
    assert "memory" in of(lambda: (X + 1) * 2).why_not


def test_products_are_known_to_be_onednns() -> None:
    def step() -> Tensor:
        if ONEDNN.setting is None:
            pytest.skip("this torch has no such setting")
        with ONEDNN:
            first = X @ X.T
        return first @ first

    products = [operation.by_onednn for operation in of(step).operations if operation.name == "mm"]
    assert products == [True, False]


def test_torchs_compiler_is_not_imported() -> None:
    """It takes two seconds."""
    code = "from tests.mtl_core.training.recorded_steps.test_recording import X, of; of(lambda: X + 1)"
    told = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print('torch._dynamo' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "False"
