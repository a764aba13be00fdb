"""How many arrays share a GPU: one, two or four, whichever trains most replicas per second by a stated rule.

Several processes on a card cannot be measured cheaply in one.  So the rule is: each process has a core for what the
host does, the card works for one of them at a time, and what the host of one does and what the card does for another
take place at once.  ``n`` arrays of ``r`` rows each then take, per replica, the longer of t(r) / (n r) — each of them
alone, n at once — and the card's own time for a row, which is what a further row adds to an epoch of a large array.
``make gpu`` measures how far the rule holds on a card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from study.planning.cards.doubling import SHARE
from study.planning.cards.samples import GAIN, EpochTime, Measured

NUMBERS = (1, 2, 4)
"""Arrays that may share a card."""
PROCESS_BYTES = 600e6
"""Memory of the card that each further process takes before it trains anything.  Not measured."""


@dataclass(frozen=True)
class Load:
    """The part of a study's training that one network is.

    Args:
        measured: what is known of its arrays.
        weight: epochs of all its replicas, in any unit that all loads have in common.
        most_rows: replicas that the study has for an array, at most.
    """

    measured: Measured
    weight: float
    most_rows: int


def share_bytes(free_bytes: float, arrays: int) -> float:
    """Return the memory that each of so many arrays on a card may take."""
    return SHARE * max(free_bytes - (arrays - 1) * PROCESS_BYTES, 0.0) / arrays


def arrays_on_a_card(loads: Sequence[Load], free_bytes: float, most: int) -> int:
    """Return how many arrays share a card: further ones only where they train a tenth more replicas per second.

    Args:
        loads: what the study trains.
        free_bytes: memory of the card that could be had.
        most: arrays on a card that there are workers for.
    """
    return fewest_that_pay(lambda arrays: total_seconds(loads, free_bytes, arrays), most)


def fewest_that_pay(total: Callable[[int], float], most: int) -> int:
    """Return how many arrays share a card: more only where all takes less time by a tenth.

    Args:
        total: returns the time of all, where so many arrays share a card.
        most: arrays on a card that there are workers for.
    """
    best = 1
    for arrays in NUMBERS[1:]:
        if arrays <= most and total(best) >= GAIN * total(arrays):
            best = arrays
    return best


def total_seconds(loads: Sequence[Load], free_bytes: float, arrays: int) -> float:
    """Return the forecast of the time of all loads on one card, in their weights' unit, by the rule."""
    return sum(load.weight * seconds_a_replica(load, free_bytes, arrays) for load in loads)


def seconds_a_replica(load: Load, free_bytes: float, arrays: int) -> float:
    """Return the forecast of seconds per replica and epoch where so many arrays share a card, by the rule."""
    rows = load.measured.rows(share_bytes(free_bytes, arrays), load.most_rows).number
    return shared_seconds(load.measured, rows, arrays) / (arrays * rows)


def shared_seconds(measured: EpochTime, rows: float, arrays: float) -> float:
    """Return the forecast of the seconds of an epoch of ``rows`` where so many such arrays share a card, by the rule.

    It is never more than they would take one after the other.

    Args:
        measured: what an epoch takes where an array has the card to itself.
        rows: of each array.
        arrays: on the card at once.
    """
    alone = measured.seconds(rows)
    return min(max(alone, arrays * rows * measured.row_seconds), arrays * alone)
