"""The contract of metrics: the built-in ones keep it, and each broken promise is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from torch import Tensor

from mtl_core.data.metrics.auroc import Auroc
from mtl_core.registry import entries
from mtl_core.testing.metrics import check_metric


@pytest.mark.parametrize("name", entries("metrics"))
def test_the_built_in_metrics_keep_it(name: str) -> None:
    check_metric(name)


def _halved(value: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda *arguments: 0.5 * value(*arguments)


def _shifted(value: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda *arguments: value(*arguments) + 1


def _summed(value: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda self, task, kept, counted: value(self, task, kept, counted) + kept[..., 0, :].sum(dim=-1)


def _known(value: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda *arguments: value(*arguments).nan_to_num(0.5)


@pytest.mark.parametrize(
    ("method", "changed", "promise"),
    [
        ("influence", _halved, "is 0.50 times that of the jackknife"),
        ("influence", _shifted, "influence must have mean 0"),
        ("value", _summed, "depends on examples that are not counted"),
        ("value", _known, "no examples must give NaN"),
        ("keep", lambda keep: lambda *arguments: keep(*arguments)[:, :, 0], "and not \\[r, g, s, b\\]"),
    ],
)
def test_a_broken_promise_is_named(
    method: str, changed: Callable[[Any], Any], promise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Auroc, method, changed(getattr(Auroc, method)))
    with pytest.raises(AssertionError, match=promise):
        check_metric("auroc")
