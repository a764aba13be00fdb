"""What a few steps of one network's replicas have shown on a GPU, for several numbers of rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from itertools import pairwise
from typing import Any, Literal, Protocol, get_args

GAIN = 1.1
"""How many times as many replicas per second twice the rows have to train, so that they are worth their memory."""

Limit = Literal["speed", "memory", "replicas", "time"]
"""What holds the rows of an array down: twice as many are hardly faster, do not fit into the memory, are more than the
study has at once, or were not measured for want of time."""


@dataclass(frozen=True)
class Sample:
    """What an array of ``rows`` replicas took.

    Args:
        rows: replicas.
        bytes: of the card's memory, at the peak.
        seconds: of an epoch.
        set_up: seconds until it trained at that pace: it is built, and its steps are captured as a graph.
        row_set_up: seconds to make what a row begins with.
        seed_set_up: seconds to find the split and the scales of a seed.
    """

    rows: int
    bytes: float
    seconds: float
    set_up: float = 0.0
    row_set_up: float = 0.0
    seed_set_up: float = 0.0

    @property
    def rate(self) -> float:
        """Epochs of one replica per second."""
        return self.rows / self.seconds


class EpochTime(Protocol):
    """What a network's arrays take on a card that each of them has to itself."""

    @property
    def set_up(self) -> float:
        """Seconds before an array trains at its pace, whatever its rows."""
        ...

    @property
    def row_set_up(self) -> float:
        """Seconds before that for each row."""
        ...

    @property
    def seed_set_up(self) -> float:
        """Seconds before that for each seed of the rows."""
        ...

    @property
    def row_seconds(self) -> float:
        """Seconds of an epoch that are the card's own work for each row."""
        ...

    def seconds(self, rows: float) -> float:
        """Return the seconds of an epoch of ``rows``."""
        ...


@dataclass(frozen=True)
class Rows:
    """How many replicas an array holds, at most, and why not more."""

    number: int
    limit: Limit


@dataclass(frozen=True)
class Measured:
    """What the samples of one network say; at least one, each with more rows than the one before.

    Args:
        samples: by rows.
        limit: why there are no samples of more rows.
        free_bytes: memory of the card that could be had at the time.
        too_many: rows for which memory ran out when they were tried; ``None``: it did not.
    """

    samples: Sequence[Sample]
    limit: Limit
    free_bytes: float
    too_many: int | None = None

    @property
    def row_bytes(self) -> float:
        """Bytes that each further row takes, from the two largest samples; above 0."""
        last = self.samples[-1]
        if len(self.samples) > 1:
            before = self.samples[-2]
            further = (last.bytes - before.bytes) / (last.rows - before.rows)
            if further > 0:
                return further
        return max(last.bytes, 1.0) / last.rows

    @property
    def fixed_bytes(self) -> float:
        """Bytes whatever the rows: the examples, which lie on the card, and what products need to work."""
        return max(self.samples[-1].bytes - self.samples[-1].rows * self.row_bytes, 0.0)

    @property
    def row_seconds(self) -> float:
        """Seconds that each further row adds to an epoch, from the two largest samples: the card's own work for it."""
        last = self.samples[-1]
        if len(self.samples) == 1:
            return last.seconds / last.rows
        before = self.samples[-2]
        return max(last.seconds - before.seconds, 0.0) / (last.rows - before.rows)

    @property
    def set_up(self) -> float:
        """Seconds before an array trains at its pace, from the largest sample: the first one pays for torch's start."""
        return self.samples[-1].set_up

    @property
    def row_set_up(self) -> float:
        """Seconds to make what a row begins with, from the largest sample."""
        return self.samples[-1].row_set_up

    @property
    def seed_set_up(self) -> float:
        """Seconds to find the split and the scales of a seed, from the largest sample."""
        return self.samples[-1].seed_set_up

    def seconds(self, rows: float) -> float:
        """Return the seconds of an epoch of ``rows``: on straight lines between samples, and on the last one beyond."""
        first, last = self.samples[0], self.samples[-1]
        if rows <= first.rows:
            return first.seconds
        for low, high in pairwise(self.samples):
            if rows <= high.rows:
                return low.seconds + (rows - low.rows) / (high.rows - low.rows) * (high.seconds - low.seconds)
        return last.seconds + (rows - last.rows) * self.row_seconds

    def rows(self, share_bytes: float, most: int) -> Rows:
        """Return how many rows an array holds.

        Args:
            share_bytes: memory that it may take.
            most: replicas that the study has for an array, at most.
        """
        bounds: list[tuple[int, Limit]] = [
            self._by_speed(),
            (most, "replicas"),
            (self._by_memory(share_bytes), "memory"),
        ]
        number, limit = min(bounds, key=lambda bound: bound[0])
        return Rows(max(number, 1), limit)

    def covers(self, most: int, free_bytes: float) -> bool:
        """Return whether nothing would be learnt by measuring again, for ``most`` replicas and with so much memory."""
        if self.limit in ("replicas", "time"):
            return most <= self.samples[-1].rows
        return self.limit == "speed" or free_bytes <= GAIN * self.free_bytes

    def facts(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        return asdict(self) | {"samples": [asdict(sample) for sample in self.samples]}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Measured:
        """Return what :meth:`facts` has said.

        Raises:
            ValueError: when they are not such facts.
        """
        try:
            samples = [_sample_of(sample) for sample in facts["samples"]]
            too_many = facts["too_many"]
            free = float(facts["free_bytes"])
            made = cls(samples, facts["limit"], free, None if too_many is None else int(too_many))
        except (KeyError, TypeError) as error:
            raise ValueError(f"these are no samples of a card ({error!r})") from error
        if not samples or made.limit not in get_args(Limit) or not all(_is_sound(sample) for sample in samples):
            raise ValueError("these are no samples of a card")
        if any(low.rows >= high.rows for low, high in pairwise(samples)):
            raise ValueError("these are no samples of a card")
        return made

    def _by_speed(self) -> tuple[int, Limit]:
        """Rows beyond which more were slower per replica, not faster by enough, or not measured."""
        last = self.samples[-1]
        if self.limit == "speed" and len(self.samples) > 1:
            return self.samples[-2].rows, "speed"
        return (2 * last.rows - 1, "memory") if self.limit == "memory" else (last.rows, self.limit)

    def _by_memory(self, share_bytes: float) -> int:
        fitting = math.floor((share_bytes - self.fixed_bytes) / self.row_bytes)
        return fitting if self.too_many is None else min(fitting, self.too_many - 1)


def _sample_of(facts: Mapping[str, Any]) -> Sample:
    """The sample that facts tell of; those of an earlier version do not say how long an array takes to set up."""
    set_up = (float(facts.get(name, 0.0)) for name in ("set_up", "row_set_up", "seed_set_up"))
    return Sample(int(facts["rows"]), float(facts["bytes"]), float(facts["seconds"]), *set_up)


def _is_sound(sample: Sample) -> bool:
    return sample.rows > 0 and sample.seconds > 0 and all(0 <= number < math.inf for number in astuple(sample))
