"""Search strategies: which arms train with which hyperparameters, and for how long, as results come in.

A strategy trains nothing and reads no records: it makes policies, see :mod:`study.planning.policy`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from study.planning.arm import Arm
from study.planning.policy import Amount, Policy, WholeArms
from study.planning.search_space import SearchSpace


class Strategy(ABC):
    """A search strategy.  Its name in the study file, under ``search.strategy``, is that of its file."""

    leaves_out: ClassVar[bool] = True
    """Whether candidates may be left out, by a choice that is made once on all rows."""
    finds_front: ClassVar[bool] = False
    """Whether it looks for several ends at once, and all that is best in some way is confirmed."""
    bounded: ClassVar[bool] = True
    """Whether ``search.trials`` limits it."""

    starts_warm: ClassVar[bool] = False
    """Whether it begins with what an earlier run has selected, ``search.warm_start``."""
    explores: ClassVar[bool] = False
    """Whether it also looks for something that is no candidate, and that is shown apart from what is compared."""

    def check(self, space: SearchSpace) -> None:
        """Refuse a study that lacks what the strategy needs; by default nothing is refused.

        Raises:
            UserError: naming what is missing.
        """
        return

    @abstractmethod
    def policies(self, space: SearchSpace) -> list[Policy]:
        """Return the policies that search ``space``; they run side by side."""

    def search_one(self, space: SearchSpace, arm: Arm) -> Policy:
        """Search one arm that is not to be chosen among others, as a baseline is; by default with every draw."""
        yield WholeArms([arm])

    @abstractmethod
    def of_candidates(self, space: SearchSpace) -> Amount:
        """Return how much is trained at most of the candidates that are not always searched."""

    def of_one(self, space: SearchSpace) -> Amount:
        """Return how much is trained of one arm that is always searched, for each of its single tasks."""
        return Amount(len(space.draws), space.halved_epochs())

    def beside(self, space: SearchSpace) -> Amount:
        """Return how much is trained of what the strategy explores; by default nothing."""
        return Amount(0, 0)

    def most_arms(self, space: SearchSpace) -> int:
        """Return how many candidates, references among them, are left to be confirmed: by default all that train."""
        return min(self.of_candidates(space).trials, len(space.open_candidates)) + len(space.references)

    def front(self, results: Sequence[Any]) -> list[dict[str, Any]]:
        """Return what is to be confirmed whatever its skill, from what the policies returned; by default nothing."""
        return []

    @abstractmethod
    def in_words(self, space: SearchSpace) -> str:
        """Return how either side was searched, arms that share and their baselines, in one sentence."""
