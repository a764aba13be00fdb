"""Which option to take: one stated rule for each value of the study file's key ``prefer``."""

from __future__ import annotations

import math

from analysis.recommendation.option import ALONE, Option
from analysis.statistics.verdicts import ADDED, CANDIDATE, CHOSEN, REFERENCE

ACCURACY, BALANCED, COST = "accuracy", "balanced", "cost"
TOLERATED_BANDS = 5
"""With ``cost`` the mean gain may plausibly lie so many bands below zero."""
RULES = {
    BALANCED: (
        "Among the arms that share with a benefit that is shown or clearly likelier than harm, the first by which "
        "no task is shown to do better alone or is likelier than not to lose more than the band, or else the "
        "first, in this order: the arm chosen on validation, a checked candidate, the reference, an arm added "
        "later; without such an arm, of those of which harm is neither shown nor clearly likelier the one with "
        "the fewest multiply-adds, provided that its mean gain lies within the band of the highest, which is 0 if "
        "none gains; without one, train alone. Gains of arms of different widths are counted from training alone at "
        "the chosen arm's width. Harm is shown if a task is hurt by sharing (or hurt, where no loop was run), if a "
        "task does better alone and none is better off, or if the 95% interval of the mean gain lies below the band. "
        "Benefit is shown if, without harm, a task is better off, or if the 95% interval of the mean gain lies "
        "above zero and reaches beyond the band. Clearly likelier: the mean gain lies beyond the band on that "
        "side with a probability of at least 50%, and at least three times the probability of the other side."
    ),
    ACCURACY: (
        "The option with the highest expected mean gain, after taking off what its tasks are expected to lose beyond "
        "the band (so these losses count twice); training alone has 0."
    ),
    COST: (
        "The option with the fewest multiply-adds at prediction (of several the one that accuracy prefers) whose mean "
        f"gain plausibly (95% interval) loses at most {TOLERATED_BANDS} times the band and by which no task is shown "
        "to lose more than that. Training alone is taken to lose what the best other option plausibly gains."
    ),
}
"""The rule of each preference, in the words of the report."""


def choose(options: list[Option], prefer: str) -> Option | None:
    """Return the option that the rule of ``prefer`` takes; ``None`` where there is no option at all.

    The rules stand in :data:`RULES`.  Training alone has neither gain nor risk: the others are measured against it.

    Args:
        options: all there are.
        prefer: ``accuracy``, ``balanced`` or ``cost``.

    Raises:
        ValueError: ``prefer`` is no preference.
    """
    rules = {ACCURACY: _most_accurate, BALANCED: _balanced, COST: _cheapest}
    if prefer not in rules:
        raise ValueError(f"prefer is {prefer!r}. Choose one of {', '.join(rules)}.")
    return rules[prefer](options) if options else None


def best_that_shares(options: list[Option]) -> Option | None:
    """Return the arm for which sharing stands: with a benefit rather than open, open rather than harmful.

    Of arms with a benefit one that costs no task anything comes first: a checked candidate that trains such a task
    alone spares it what the chosen arm costs it. Of arms alike in this the one chosen on validation comes first, then
    a checked candidate, the reference, and one that was added to the finished study. Where all that are not harmful
    are open, no difference tells them from each other or from training alone, and what they cost decides.
    """
    found = [option for option in options if option.shares]
    open_ones = [option for option in found if not option.harm]
    if open_ones and not any(option.benefit for option in open_ones):
        highest = max(option.total for option in open_ones)
        found = [option for option in open_ones if option.total >= highest - option.band] or open_ones
        return min(found, key=lambda option: (_multiply_adds(option), _order(option)))

    def place(option: Option) -> tuple[bool, bool, bool, int]:
        return option.harm, not option.benefit, option.costs_a_task, _order(option)

    return min(found, key=place, default=None)


def _order(option: Option) -> int:
    """Place of an option among those that nothing else separates."""
    return (CHOSEN, CANDIDATE, REFERENCE, ADDED).index(CANDIDATE if option.is_candidate else option.kind)


def _multiply_adds(option: Option) -> float:
    """The multiply-adds of an option; infinite where they are unknown."""
    return option.cost.multiply_adds if math.isfinite(option.cost.multiply_adds) else math.inf


def _balanced(options: list[Option]) -> Option | None:
    best, alone = best_that_shares(options), _alone(options)
    if best is None or best.harm:
        return alone
    return best if best.benefit or alone is None or best.total >= -best.band else alone


def _most_accurate(options: list[Option]) -> Option | None:
    known = [option for option in options if math.isfinite(_value(option))]
    return max(known, key=_value, default=None)


def _value(option: Option) -> float:
    return option.total - option.risks.shortfall


def _cheapest(options: list[Option]) -> Option | None:
    allowed = [option for option in options if _tolerable(option, options)]
    known = [option for option in allowed if math.isfinite(option.cost.multiply_adds)]
    return min(known, key=lambda option: (_multiply_adds(option), -_value(option)), default=_alone(options))


def _tolerable(option: Option, options: list[Option]) -> bool:
    tolerance = TOLERATED_BANDS * option.band
    if option.kind == ALONE:
        highest = max((other.high for other in options if math.isfinite(other.high)), default=0.0)
        return highest <= tolerance
    shown = option.tasks["high_simultaneous"].min()
    return option.low >= -tolerance and not shown < -tolerance


def _alone(options: list[Option]) -> Option | None:
    return next((option for option in options if option.kind == ALONE), None)
