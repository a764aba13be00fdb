"""Search strategy ``grid``: every arm, with every draw."""

from __future__ import annotations

from study.planning.policy import Amount, Policy
from study.planning.search_space import SearchSpace
from study.planning.strategies import Strategy


class Grid(Strategy):
    """Every arm of the grid, each with the same quasi-random draws; at every rung the worse half of them stops.

    Arms and baselines are searched in the same way, and what one arm does changes nothing for another.

    Source: J. Bergstra & Y. Bengio, "Random search for hyper-parameter optimization", JMLR 2012, for the draws;
    K. Jamieson & A. Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS 2016,
    for the rungs.

    Differs from the papers: draws are a scrambled Sobol sequence; halving is within an arm, not among arms.
    """

    leaves_out = False
    bounded = False

    def policies(self, space: SearchSpace) -> list[Policy]:
        return [self.search_one(space, arm) for arm in space.candidates + space.baselines]

    def of_candidates(self, space: SearchSpace) -> Amount:
        number = len(space.open_candidates)
        return Amount(number * len(space.draws), number * space.halved_epochs())

    def in_words(self, space: SearchSpace) -> str:
        return f"every arm and every baseline gets the same {len(space.draws)} draws"
