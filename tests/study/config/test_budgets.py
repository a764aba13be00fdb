"""Budgets as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from study.config.budgets import Quantity, amount_text, budget_of, limit_of
from study.config.spec import Spec


@pytest.mark.parametrize(
    ("written", "budget", "limit"),
    [
        ("2h", 7200.0, 7200),
        ("1h30m", 5400.0, 5400),
        (90, 90.0, 90),
        ("5000 replicas", Quantity(5000, "replicas"), 5000),
        ("5000replicas", Quantity(5000, "replicas"), 5000),
        ("10 gpu-hours", Quantity(10, "GPU-hours"), 36_000),
        ("0.5 CPU-hours", Quantity(0.5, "CPU-hours"), 1800),
    ],
)
def test_every_way_to_write_one(written: Any, budget: Any, limit: float) -> None:
    assert budget_of(written) == budget
    assert limit_of(budget) == limit
    spec = Spec.model_validate({"tasks": {"set": "digits3"}, "budget": written})
    assert spec.budget == budget
    assert Spec.model_validate(spec.plain()).budget == budget
    assert spec.digest() == Spec.model_validate({"tasks": {"set": "digits3"}}).digest()


@pytest.mark.parametrize(
    "written", ["", "soon", "0h", "0 replicas", "-3h", True, "10 GPUs", "10 hours of GPU", float("nan"), "1e3 replicas"]
)
def test_what_is_no_budget_is_refused(written: Any) -> None:
    assert budget_of(written) is None
    with pytest.raises(ValueError, match="is no budget"):
        Spec.model_validate({"tasks": {"set": "digits3"}, "budget": written})


def test_hours_of_a_device_need_that_device() -> None:
    with pytest.raises(ValueError, match="the device is cpu"):
        Spec.model_validate({"tasks": {"set": "digits3"}, "budget": "10 GPU-hours", "device": "cpu"})


def test_amounts_are_told_in_the_budgets_unit() -> None:
    assert amount_text(7500, 3600.0) == "2h 05m"
    assert amount_text(1200, Quantity(5, "replicas")) == "1,200 replicas"
    assert amount_text(5400, Quantity(1, "GPU-hours")) == "1.5 GPU-hours"
    many = {9.96: "10", 12.3: "12", 99.6: "100", 123: "123", 1234: "1,234"}
    for hours, said in many.items():
        assert amount_text(hours * 3600, Quantity(1, "CPU-hours")) == f"{said} CPU-hours"
