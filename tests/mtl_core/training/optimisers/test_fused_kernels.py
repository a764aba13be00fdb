"""The kernels by name; test_optimiser.py, beside this file, holds whole trainings against torch.optim."""

from __future__ import annotations

import pytest
import torch

from mtl_core.training.optimisers.fused_kernels import move

SETTINGS = {"weight_decay": 0.1, "beta1": 0.9, "beta2": 0.999, "momentum": 0.9}


@pytest.mark.parametrize(("name", "made"), [("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)])
def test_a_step_is_that_of_the_optimiser_of_this_name(name: str, made: type) -> None:
    start, gradient = torch.linspace(-1, 1, 19).double(), torch.linspace(0.3, -2, 19).double()
    parameter, first, second = start.clone(), torch.zeros(19).double(), torch.zeros(19).double()
    move(name, [parameter], [gradient], [first], [second], [torch.tensor(1.0)], 0.05, SETTINGS)
    reference = torch.nn.Parameter(start.clone())
    reference.grad = gradient
    further = {"momentum": 0.9, "nesterov": True} if name == "sgd" else {}
    made([reference], lr=0.05, weight_decay=0.1, **further).step()
    torch.testing.assert_close(parameter, reference.detach(), rtol=1e-12, atol=1e-12)
    assert first.any()
    assert second.any() == (name == "adamw")
