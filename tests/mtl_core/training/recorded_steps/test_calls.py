"""The calls of a program do what the step did, and let go of what they no longer need."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.layers.matrix_products import ONEDNN
from mtl_core.layers.operation_mode import OperationMode
from mtl_core.training.recorded_steps import calls
from mtl_core.training.recorded_steps.calls import Calls
from mtl_core.training.recorded_steps.program import Program, program_of
from mtl_core.training.recorded_steps.recording import Recording


def program(step: Callable[[Tensor], object], x: Tensor) -> Program:
    found = program_of(Recording().of(lambda: step(x)), [x])
    assert found is not None
    return found


def done(found: Program, x: Tensor) -> None:
    once = Calls(found.once, found.kept, [], found.needed)
    each = Calls(found.each, found.kept, [*found.needed, *found.inputs])
    with torch.inference_mode():
        each(*once(), x)


def test_every_kind_of_argument_arrives() -> None:
    total, kept, other = torch.zeros(2, 3), torch.arange(6.0).view(2, 3), torch.zeros(2, 3)

    def step(x: Tensor) -> None:
        parts = (x * kept.exp()).split([1, 2], dim=1)
        whole = torch.cat([part.double() for part in parts], dim=1).clamp(max=torch.inf).sum(dim=1, keepdim=True)
        total.add_(torch.where(x > 0, whole, -torch.inf).nan_to_num(0.5).to(total), alpha=2)
        torch._foreach_add_([total, other], [x, x * x], alpha=3)  # pyright: ignore[reportPrivateImportUsage]
        torch.mul(x, x, out=other[0:1].expand(1, 3) if len(x) == 1 else other)
        torch._foreach_mul_([total, other], [kept, kept])  # pyright: ignore[reportPrivateImportUsage]

    found = program(step, torch.randn(2, 3))
    for epoch in range(2):
        kept.add_(epoch)  # between two epochs
        x = torch.randn(2, 3)
        numbers = []
        for way in (step, lambda x: done(found, x)):
            total.zero_()
            other.fill_(1.0)
            way(x)
            numbers.append(torch.stack([total, other]))
        torch.testing.assert_close(*numbers, rtol=0, atol=0, equal_nan=True)


def test_a_tensor_is_let_go_of_when_it_was_used_last() -> None:
    total, live, most = torch.zeros(1000), set(), []

    class Watched(OperationMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            found = func(*args, **(kwargs or {}))
            live.add(weakref.ref(found, live.discard))
            most.append(len(live))
            return found

    found = program(lambda x: total.add_(x.exp().log().sin().cos().tanh()), torch.ones(1000))
    of_step, x = Calls(found.each, found.kept, found.inputs), torch.ones(1000)
    with torch.inference_mode(), Watched():
        of_step(x)
    assert max(most) <= 3, "what was made last, what it was made of, and the sum"


def test_products_are_given_to_onednn_where_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    if ONEDNN.setting is None:
        pytest.skip("this torch has no such setting")
    total, square, told = torch.zeros(1, 4, 4), torch.randn(1, 4, 4), []

    def step(x: Tensor) -> None:
        with ONEDNN:
            first = x.bmm(square)
            second = first.relu().bmm(square)
        total.add_(second.bmm(square))

    found = program(step, torch.randn(1, 4, 4))
    on, off = ONEDNN.on, ONEDNN.off
    monkeypatch.setattr(ONEDNN, "on", lambda: told.append("on") or on())
    monkeypatch.setattr(ONEDNN, "off", lambda: told.append("off") or off())
    monkeypatch.setitem(calls._QUICK, "bmm", lambda *given: told.append("bmm") or torch.bmm(*given))
    done(found, torch.randn(1, 4, 4))
    assert told == ["on", "bmm", "bmm", "off", "bmm"]
