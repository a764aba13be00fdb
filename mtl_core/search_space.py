"""Ranges of hyperparameters, and how a point of the unit cube becomes a value; no tuner needed.

A range stands beside the default, in the signature of the class that it belongs to::

    def __init__(self, *, temperature: Annotated[float, LogUniform(0.5, 8.0)] = 2.0) -> None: ...
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Uniform:
    """Every value between ``low`` and ``high`` is equally likely."""

    low: float
    high: float
    dimensions = 1

    def at(self, point: Sequence[float]) -> float:
        """The value at ``point`` of the unit interval."""
        return self.low + (self.high - self.low) * point[0]

    def holds(self, value: Any) -> bool:
        """Whether ``value`` lies in the range."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class LogUniform:
    """Every ratio between ``low`` and ``high`` (both > 0) is equally likely."""

    low: float
    high: float
    dimensions = 1

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high:
            raise ValueError(f"LogUniform needs 0 < low <= high, found [{self.low}, {self.high}].")

    def at(self, point: Sequence[float]) -> float:
        """The value at ``point`` of the unit interval."""
        value = math.exp(math.log(self.low) + math.log(self.high / self.low) * point[0])
        return min(max(value, self.low), self.high)  # rounding must not lead out of the range

    def holds(self, value: Any) -> bool:
        """Whether ``value`` lies in the range."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Choice:
    """One of ``options``, each equally likely."""

    options: tuple[Any, ...]
    dimensions = 1

    def at(self, point: Sequence[float]) -> Any:
        """The option whose share of the unit interval holds ``point``."""
        return self.options[min(int(point[0] * len(self.options)), len(self.options) - 1)]

    def holds(self, value: Any) -> bool:
        """Whether ``value`` is an option."""
        return value in self.options


@dataclass(frozen=True)
class Simplex:
    """Non-negative weights that add up to one, uniform on the simplex: Dirichlet(1, …, 1).

    ``size`` is the number of weights; ``None`` means one per task and is settled by :meth:`sized`.
    """

    size: int | None = None

    @property
    def dimensions(self) -> int:
        """Unit-interval coordinates that a point takes."""
        if self.size is None:
            raise ValueError("A Simplex has no dimension before sized(number of tasks).")
        return self.size

    def sized(self, size: int) -> Simplex:
        """The same range for ``size`` weights."""
        return Simplex(size)

    def at(self, point: Sequence[float]) -> tuple[float, ...]:
        """The weights at ``point``: normalised exponential variables, which are Dirichlet(1) distributed."""
        tiny = 1e-12
        exponentials = [-math.log(min(max(coordinate, tiny), 1 - tiny)) for coordinate in point]
        total = sum(exponentials)
        return tuple(value / total for value in exponentials)

    def holds(self, value: Any) -> bool:
        """Whether ``value`` is a point of the simplex."""
        return all(weight >= 0 for weight in value) and math.isclose(sum(value), 1, abs_tol=1e-6)


Range = Uniform | LogUniform | Choice | Simplex
