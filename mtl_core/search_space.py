"""Ranges of hyperparameters, independent of any tuner: each maps points of the unit cube to values.

A range is declared beside the default, in the signature of the class that it belongs to, and so is the domain, outside
which the option has no meaning, whoever sets it::

    def __init__(self, *, temperature: Annotated[float, LogUniform(0.5, 8.0), Domain(above=0)] = 2.0) -> None: ...
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any


@dataclass(frozen=True)
class Uniform:
    """Range of numbers that is uniform between ``low`` and ``high``."""

    low: float
    high: float
    dimensions = 1

    def at(self, point: Sequence[float]) -> float:
        """Return the value at ``point``, one coordinate of the unit interval."""
        return self.low + (self.high - self.low) * point[0]

    def point_of(self, value: float) -> tuple[float, ...]:
        """Return the point whose value is ``value``, or the nearest one in the range."""
        return (_within((value - self.low) / (self.high - self.low) if self.high > self.low else 0.0),)

    def holds(self, value: Any) -> bool:
        """Return whether ``value`` lies in the range, its ends included."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class LogUniform:
    """Range of positive numbers whose logarithm is uniform between those of ``low`` and ``high``.

    Raises:
        ValueError: if not 0 < low <= high.
    """

    low: float
    high: float
    dimensions = 1

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high:
            raise ValueError(f"LogUniform needs 0 < low <= high, found [{self.low}, {self.high}].")

    def at(self, point: Sequence[float]) -> float:
        """Return the value at ``point``, one coordinate of the unit interval."""
        value = math.exp(math.log(self.low) + math.log(self.high / self.low) * point[0])
        return min(max(value, self.low), self.high)  # rounding must not lead out of the range

    def point_of(self, value: float) -> tuple[float, ...]:
        """Return the point whose value is ``value``, or the nearest one in the range."""
        if value <= self.low:  # zero, too, which has no logarithm
            return (0.0,)
        return (_within(math.log(value / self.low) / math.log(self.high / self.low) if self.high > self.low else 0.0),)

    def holds(self, value: Any) -> bool:
        """Return whether ``value`` lies in the range, its ends included."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Choice:
    """Range of a finite set of values, ``options``, each equally likely."""

    options: tuple[Any, ...]
    dimensions = 1

    def at(self, point: Sequence[float]) -> Any:
        """Return the option whose part of the unit interval contains ``point``."""
        return self.options[min(int(point[0] * len(self.options)), len(self.options) - 1)]

    def point_of(self, value: Any) -> tuple[float, ...]:
        """Return the middle of the part of the unit interval whose option is ``value``."""
        return ((self.options.index(value) + 0.5) / len(self.options),)

    def holds(self, value: Any) -> bool:
        """Return whether ``value`` is one of the options."""
        return value in self.options


@dataclass(frozen=True)
class Simplex:
    """Range of non-negative weights that add up to one, uniform on the simplex: Dirichlet(1, …, 1).

    ``size`` is the number of weights; ``None`` means one per task, and :meth:`sized` sets it.
    """

    size: int | None = None

    @property
    def dimensions(self) -> int:
        """Number of coordinates of the unit cube that a value takes.

        Raises:
            ValueError: if ``size`` is not set.
        """
        if self.size is None:
            raise ValueError("A Simplex has no dimension before sized(number of tasks).")
        return self.size

    def sized(self, size: int) -> Simplex:
        """Return the same range for ``size`` weights."""
        return Simplex(size)

    def centre(self) -> tuple[float, ...]:
        """Return equal weights, the value of a weight vector whose default is ``None``."""
        return (1 / self.dimensions,) * self.dimensions

    def at(self, point: Sequence[float]) -> tuple[float, ...]:
        """Return the weights at ``point``: normalised exponential variables, which are Dirichlet(1) distributed."""
        tiny = 1e-12
        exponentials = [-math.log(min(max(coordinate, tiny), 1 - tiny)) for coordinate in point]
        total = sum(exponentials)
        return tuple(value / total for value in exponentials)

    def point_of(self, value: Sequence[float]) -> tuple[float, ...]:
        """Return a point whose weights are ``value``; there are many, and this one's exponentials have mean 1."""
        return tuple(math.exp(-weight * self.dimensions) for weight in value)

    def holds(self, value: Any) -> bool:
        """Return whether ``value`` is a point of the simplex."""
        return all(weight >= 0 for weight in value) and math.isclose(sum(value), 1, abs_tol=1e-6)


def _within(coordinate: float) -> float:
    """The nearest coordinate of the unit interval."""
    return min(max(coordinate, 0.0), 1.0)


Range = Uniform | LogUniform | Choice | Simplex
"""Any range of a hyperparameter."""


@dataclass(frozen=True)
class PerReplica:
    """Mark of an option that has no range, but of which every replica may have a value of its own.

    It is declared of what a search strategy makes up as it goes, such as a schedule of task weights.
    """


@dataclass(frozen=True)
class OnRequest:
    """Range of an option that is tuned only where a study asks for it.

    It is declared of regularisers that their method does without by default, such as dropout inside gates: a study
    with few draws would otherwise spend them on values that harm.
    """

    range: Uniform | LogUniform


@dataclass(frozen=True)
class Domain:
    """Finite numbers for which an option has a meaning, whether it is tuned or given: those between two ends.

    Args:
        above, least: the lower end; ``least`` belongs to the domain, ``above`` does not.
        below, most: the upper end likewise.
    """

    above: float | None = None
    least: float | None = None
    below: float | None = None
    most: float | None = None

    def __str__(self) -> str:
        """Return the domain as a phrase, such as ``from 0 up and below 1``; empty if it has no ends."""
        ends = (
            ("above {:g}", self.above),
            ("from {:g} up" if self.most is None else "from {:g}", self.least),
            ("to {:g}" if self.least is not None else "at most {:g}", self.most),
            ("below {:g}", self.below),
        )
        words = [phrase.format(end) for phrase, end in ends if end is not None]
        return (" " if self.least is not None and self.most is not None else " and ").join(words)

    def holds(self, value: Any) -> bool:
        """Return whether ``value`` is one of the numbers."""
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            return False
        number = float(value)
        low = (self.above is None or number > self.above) and (self.least is None or number >= self.least)
        return low and (self.below is None or number < self.below) and (self.most is None or number <= self.most)

    def check(self, name: str, value: Any) -> None:
        """Refuse a value outside the domain; that of an option by tasks is a number for each.

        Args:
            name: of the option, for the message.
            value: of the option; ``None`` says that it is not used.

        Raises:
            ValueError: naming the option, what was found and the domain.
        """
        for part, number in value.items() if isinstance(value, Mapping) else [("", value)]:
            if number is not None and not self.holds(number):
                of = f" of {part!r}" if part else ""
                raise ValueError(f"{name}{of} is {number!r}; it should be a finite number {self}".rstrip() + ".")
