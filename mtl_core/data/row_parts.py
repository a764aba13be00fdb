"""What the rows of a table or of arrays are for: to learn from, to judge, or both in their turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


class EveryRowJudges(Protocol):
    """Whether every row judges, in an outer fold of its own, instead of a test split."""

    def __call__(self, *, is_drawn: bool, rows: int, units: int) -> bool:
        """Return whether it does.

        Args:
            is_drawn: whether the test split would be a random draw of the rows.
            rows: their number, in all.
            units: number of groups, or of rows without groups: of those to develop on, if there are groups.
        """
        ...


def holdout(*, is_drawn: bool, rows: int, units: int) -> bool:
    """Return that not every row judges: the design with a test split, whatever the data."""
    del is_drawn, rows, units
    return False


@dataclass(frozen=True)
class RowParts:
    """What every row is for.

    Args:
        test: mask of the rows that are drawn, or were given, for testing.
        all_judge: whether all rows judge in outer folds; the draw then only says from which rows names of classes and
            categories are taken, so that a study's data stay the same bytes.
    """

    test: np.ndarray
    all_judge: bool = False

    @property
    def development(self) -> np.ndarray:
        """Mask of the rows from which names of classes and categories are taken."""
        return ~self.test

    @property
    def learnt(self) -> np.ndarray:
        """Mask of the rows that some network of the study learns from."""
        return np.ones_like(self.test) if self.all_judge else ~self.test

    @property
    def judging(self) -> np.ndarray:
        """Mask of the rows that judge some network of the study."""
        return np.ones_like(self.test) if self.all_judge else self.test

    @property
    def learnt_in_words(self) -> str:
        """What the rows to learn from are called behind a number of labels: `` to develop on``, or nothing."""
        return "" if self.all_judge else " to develop on"


def parts_of_rows(
    test: np.ndarray, groups: np.ndarray | None, used: np.ndarray, design: EveryRowJudges, *, is_drawn: bool
) -> RowParts:
    """Return what every row is for in a study of the given design.

    Args:
        test: mask of the rows that are drawn, or were given, for testing.
        groups: number of every row's group; ``None``: every row is its own.
        used: mask of the rows that belong to a task.
        design: says whether every row judges.
        is_drawn: whether ``test`` is a random draw.
    """
    rows = int(used.sum())
    units = rows if groups is None else len(np.unique(groups[used & ~test]))
    return RowParts(test, design(is_drawn=is_drawn, rows=rows, units=units))
