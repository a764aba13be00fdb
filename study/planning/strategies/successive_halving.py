"""Search strategy ``successive_halving``: all arms with their draws compete at common rungs."""

from __future__ import annotations

from mtl_core.randomness.seeding import stream_seed
from study.planning.policy import Amount, Policy, Round, Trial
from study.planning.search_space import SearchSpace, survivors_epochs
from study.planning.strategies import Strategy


class SuccessiveHalving(Strategy):
    """All arms with their draws compete: at each rung one in ``reduction_factor`` goes on, whatever its arm.

    ``trials`` is the number of arms with a draw that begin, by default all: draw 0 of every arm, then draw 1, and so
    on. Baselines and fully shared references keep their draws to themselves: of each the worse half stops at every
    rung, so that none is tuned less than an arm that is compared with it.  An arm none of whose draws reaches the last
    rung is not confirmed.  What learns slowly may be stopped before it would have been best: later rungs guard against
    that.

    Source: L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht & A. Talwalkar, "A system
    for massively parallel hyperparameter tuning", MLSys 2020; K. Jamieson & A. Talwalkar, "Non-stochastic best arm
    identification and hyperparameter optimization", AISTATS 2016.

    Differs from the papers: a rung waits for all of its trials, as in the latter.  The former, ASHA, lets a trial go on
    as soon as it is among the best of those that came before it, so its choices depend on which worker was faster; here
    they are the same for any number of workers, and after any interruption.
    """

    def policies(self, space: SearchSpace) -> list[Policy]:
        return [_compete(space), *(self.search_one(space, arm) for arm in space.always)]

    def of_candidates(self, space: SearchSpace) -> Amount:
        number = len(_beginning(space))
        return Amount(number, survivors_epochs(number, space.rungs, space.reduction_factor))

    def most_arms(self, space: SearchSpace) -> int:
        last = len(_beginning(space))
        for _ in space.rungs[:-1]:
            last = -(-last // space.reduction_factor)
        return min(last, len(space.open_candidates)) + len(space.references)

    def in_words(self, space: SearchSpace) -> str:
        rungs = ", ".join(map(str, space.rungs[:-1])) or "no"
        return (
            f"{len(_beginning(space))} arms with a draw begin, and one in {space.reduction_factor} of all goes on "
            f"after {rungs} epochs; every reference and every baseline gets {len(space.draws)} draws, half of which "
            "go on"
        )


def _compete(space: SearchSpace) -> Policy:
    left = _beginning(space)
    for rung in space.rungs:
        if not left:
            return
        answers = yield Round(left, rung)
        skills = dict(zip(left, (answer.skill for answer in answers), strict=True))
        best = sorted(left, key=lambda trial: -skills[trial])  # of equal ones the earlier
        left = best[: -(-len(left) // space.reduction_factor)]


def _beginning(space: SearchSpace) -> list[Trial]:
    """The trials that begin: low numbers of draws first, and the arms of one number in an order that is drawn."""
    arms = sorted(space.open_candidates, key=lambda arm: stream_seed(0, "successive_halving", arm.label))
    trials = [Trial(arm, draw) for draw in range(len(space.draws)) for arm in arms]
    return trials[: space.trials]
