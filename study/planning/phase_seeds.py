"""How many seeds a phase trains, and from which on: with outer folds as many of each."""

from __future__ import annotations

from analysis.statistics.strata import FEWEST_OF_A_FOLD, in_whole_folds

FIRST_SEED = {"search": 0, "confirm": 1_000, "verdict": 2_000}
"""Seeds of different phases never meet: what chooses an arm does not judge it."""
FEWEST_SEEDS_OF_A_FOLD = {"search": 1, "confirm": FEWEST_OF_A_FOLD, "verdict": FEWEST_OF_A_FOLD}


FEWEST_ADDED_TO_A_FOLD = 1
"""Seeds that are added to a study are judged together with its own, so every fold has shown their spread already."""


def num_trained(phase: str, wanted: int, folds: int) -> int:
    """Return how many seeds ``phase`` trains where it shall have ``wanted``."""
    return in_whole_folds(wanted, folds, FEWEST_SEEDS_OF_A_FOLD[phase])


def num_added(wanted: int, folds: int) -> int:
    """Return how many verdict seeds are added to a study that has some where ``wanted`` are to be added."""
    return in_whole_folds(wanted, folds, FEWEST_ADDED_TO_A_FOLD)


def most_within(phase: str, limit: int, folds: int) -> int:
    """Return the largest number of seeds that ``phase`` can train and that is within ``limit``, or else the fewest."""
    return num_trained(phase, max(limit, 1) if folds == 1 else limit // folds * folds, folds)
