"""Budgets as people write them: a time, such as ``2h``, a number of replicas, or hours of devices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from study.config.durations import duration, seconds_of

REPLICAS, GPU_HOURS, CPU_HOURS = "replicas", "GPU-hours", "CPU-hours"
UNITS = {unit.lower(): unit for unit in (REPLICAS, GPU_HOURS, CPU_HOURS)}
SHAPES = "Write a time, such as 90m or 1h30m, or 5000 replicas, 10 GPU-hours or 40 CPU-hours."


@dataclass(frozen=True)
class Quantity:
    """A budget that is no time.

    Args:
        amount: how much.
        unit: ``replicas``, ``GPU-hours`` or ``CPU-hours``.
    """

    amount: float
    unit: str

    def __str__(self) -> str:
        return f"{self.amount:.15g} {self.unit}"


Budget = float | Quantity
"""Seconds of wall time, or another quantity."""


def budget_of(value: Any) -> Budget | None:
    """Return the budget that ``value`` stands for, ``None`` when it stands for none: text, or a number of seconds."""
    if isinstance(value, Quantity):
        return value
    if not isinstance(value, str):
        is_seconds = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e300
        return float(value) if is_seconds else None
    found = re.fullmatch(r"\s*(\d{1,15}(?:\.\d+)?)\s*([A-Za-z]+(?:-[A-Za-z]+)?)\s*", value, re.ASCII)
    if found and found[2].lower() in UNITS:
        amount = float(found[1])
        return Quantity(amount, UNITS[found[2].lower()]) if amount > 0 else None
    seconds = seconds_of(value)
    return seconds if seconds > 0 else None


def limit_of(budget: Budget) -> float:
    """Return how much ``budget`` is in its basic unit: seconds, of wall time or of devices, or replicas."""
    if not isinstance(budget, Quantity):
        return budget
    return budget.amount * (1 if budget.unit == REPLICAS else 3_600)


def amount_text(amount: float, budget: Budget) -> str:
    """Return ``amount``, in the basic unit of ``budget``, as text, such as ``2h 05m`` or ``1,200 replicas``."""
    if not isinstance(budget, Quantity):
        return duration(amount)
    if budget.unit == REPLICAS:
        return f"{amount:,.0f} {REPLICAS}"
    hours = amount / 3_600
    return f"{hours:,.0f} {budget.unit}" if hours >= 10 else f"{hours:.2g} {budget.unit}"
