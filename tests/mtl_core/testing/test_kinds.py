"""The contract of kinds of task: entries from outside may keep it, and each broken promise is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtl_core.data.kinds.ordinal import Ordinal
from mtl_core.testing.kinds import check_kind
from tests.mtl_core.testing.outside import broken_promises

HALVED = """
import torch
from mtl_core.data.kinds import KindOfNumbers
from mtl_core.data.kinds.regression import Regression as _Regression


class Halved(KindOfNumbers):
    "Half the squared error."

    is_centred = True
    default_metric = "mse"
    metrics = ("mse", "mae")

    def losses(self, outputs, targets):
        return 0.5 * torch.square(outputs.squeeze(2) - targets)

    def constant(self, task, labels, weights, standards):
        return _Regression().constant(task, labels, weights, standards)

    def in_own_unit(self, outputs, shift, scale):
        return outputs / scale + shift

    def prediction(self, task, outputs, standards, logits):
        return outputs[0] / standards[1] + standards[0]
"""


def test_a_kind_from_outside_is_found_and_may_keep_it(tmp_path: Path) -> None:
    broken = HALVED.replace("Halved", "Negative").replace("0.5 *", "-0.5 *")
    said = broken_promises(tmp_path, "kinds", "kinds.check_kind", {"halved": HALVED, "negative": broken})
    assert list(said) == ["negative"]
    assert "a loss below 0" in said["negative"]


@pytest.mark.parametrize(
    ("method", "changed", "promise"),
    [
        ("of_shares", lambda of: lambda self, shares: of(self, shares) + 0.3, "is no minimum"),
        ("losses", lambda of: lambda self, *given: of(self, *given) * float("inf"), "is not finite"),
        ("losses", lambda of: lambda self, *given: of(self, *given) - 3, "a loss below 0"),
        ("losses", lambda of: lambda self, *given: of(self, *given).mean(dim=2), "losses of"),
        ("losses", lambda of: lambda self, z, y: of(self, z, y) + y.shape[2], "depend on the array's length"),
    ],
)
def test_a_broken_promise_is_named(
    method: str, changed: Callable[[Any], Any], promise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ordinal, method, changed(getattr(Ordinal, method)))
    with pytest.raises(AssertionError, match=promise):
        check_kind("ordinal")
