"""The headline in its honest forms, and under it the mean gain and what is known of harm."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from analysis.formatting import agree, interval, named, number_of, points, with_interval
from analysis.recommendation.costs import fraction
from analysis.recommendation.decision import DO_NOT_SHARE, NO_DIFFERENCE, SHARE, SHARE_SOME, Decision
from analysis.recommendation.option import ALONE_ELSEWHERE, BEST_ALONE, Option
from analysis.recommendation.preference import BALANCED
from analysis.records.unshared import UNSHARED
from analysis.statistics.evidence import counted
from analysis.statistics.intervals import MIN_SEEDS
from analysis.statistics.verdicts import HURT, HURT_BY_SHARING, TUNED_ALONE


def headline(decision: Decision) -> str:
    """Return what to do, in one sentence of plain text."""
    about = decision.about
    if decision.alone:
        payers = f"{named(decision.alone)} {agree(len(decision.alone), 'pays', 'pay')} for it"
        return f"Do not share everything with everyone: {payers}."
    if decision.word == NO_DIFFERENCE:
        return _no_difference(decision, about)
    if decision.word == DO_NOT_SHARE:
        return _do_not_share(decision, about)
    if decision.word == SHARE_SOME:
        apart = f", and train {named(about.alone)} alone" if about is not None and about.alone else ""
        return f"Share some: {in_words(decision.arm)}{apart}."
    payers = about.worse_off if about is not None else []
    price = f", although {named(payers)} {agree(len(payers), 'does', 'do')} better alone" if payers else ""
    return f"Share {in_words(decision.arm)}{price}."


def in_words(facts: pd.Series) -> str:
    """Return what an arm shares, as in ``2 of 2 stages at width 16 with equal weights``."""
    if facts["sharing"] in UNSHARED:
        return f"nothing at width {facts['width']}"
    weights = "equal weights" if facts["weighting"] == "equal" else f"{facts['weighting']} weighting"
    depth = "all stages" if np.isnan(facts["depth"]) else f"{facts['depth']:.0f} of {facts['stages']} stages"
    kind = "" if facts["sharing"] == "hard" else f" by {facts['sharing']}"
    return f"{depth}{kind} at width {facts['width']} with {weights}"


def mean_gain(option: Option) -> str:
    """Return the mean gain with its interval, as in ``+0.1 [−1.9, 2.1]``."""
    return f"{points(option.gain)} {interval(option.low, option.high)}".strip()


def savings(option: Option) -> str:
    """Return what an option saves against a single-task network per task, as in ``one network instead of 14, …``."""
    parts, tasks = [], len(option.tasks)
    if 0 < option.cost.networks < tasks:
        count = "one network" if option.cost.networks == 1 else f"{option.cost.networks} networks"
        parts.append(f"{count} instead of {tasks}")
    if math.isfinite(option.ratios[1]):
        parts.append(f"{fraction(option.ratios[1])} of the multiply-adds".replace("× of", "×"))
    return ", ".join(parts)


def _no_difference(decision: Decision, about: Option | None) -> str:
    if about is None:
        return "No difference found: no network that shares was judged."
    if about.n < MIN_SEEDS:
        seeds = number_of(about.n, "paired seed")
        few = agree(about.n, "gives", "give")
        return f"No difference found: {seeds} {few} no interval for the mean gain of {mean_gain(about)}."
    facts = ", ".join(filter(None, [savings(about), f"mean {mean_gain(about)}"]))
    some = "Little" if about.low > 0 or about.high < 0 else "No"
    return f"{some} difference found: {facts}: {_advice(decision, about)}."


def _advice(decision: Decision, about: Option) -> str:
    if decision.choice is not None and not decision.choice.shares:
        if decision.prefer != BALANCED:
            return f"train alone, since you prefer {decision.prefer}"
        lost = max(1, math.ceil(-about.total))
        return f"train alone, unless what sharing saves is worth {lost} {agree(lost, 'point', 'points')} to you"
    if not math.isfinite(about.low):
        return "share if its cost is what matters to you"
    if about.low >= 0:
        return "share, for the mean plausibly loses nothing"
    at_worst = -about.low
    if at_worst <= about.band:
        return f"share, for the mean plausibly loses at most {points(at_worst, sign=False)} points"
    lost = f"{math.ceil(at_worst):.0f} points" if at_worst > 1 else "1 point"
    return f"share if {lost} {agree(1 if lost == '1 point' else 2, 'does', 'do')} not matter to you"


def _do_not_share(decision: Decision, about: Option | None) -> str:
    if about is None or about.harm_shown:
        return "Do not share on this task set."
    if not about.harm:
        return (
            f"Train alone, since you prefer {decision.prefer}: sharing gains {mean_gain(about)} at "
            f"{fraction(about.ratios[1])} of the multiply-adds."
        ).replace("× of", "×")
    return f"Do not share on this task set: a loss is clearly likelier than a gain (mean {mean_gain(about)})."


def statement(decision: Decision) -> str:
    """Return what is known of the mean gain and of harm to any task, of the arm that the headline is about."""
    about = decision.about
    if about is None:
        return ""
    number, of_all = len(about.tasks), len(counted(about.tasks))
    tasks = f"{number} {agree(number, 'task', 'tasks')}" if of_all == number else f"{of_all} of {number} tasks"
    rule = "" if decision.prefer == BALANCED else f" You prefer {decision.prefer}."
    by = "" if about.equal is None else ", by the importance that the study states,"
    alike = "" if about.equal is None else f" ({with_interval(*about.equal)} with all tasks alike)"
    mean = f"mean gain over {tasks}{by} {mean_gain(about)} points{alike}."
    apart = f", {named(about.alone)} alone" if about.alone else ""
    named_above = decision.word in (SHARE, SHARE_SOME)
    mean = f"M{mean[1:]}" if named_above else f"Sharing {in_words(about.facts)}{apart}: {mean}"
    return f"{mean} {_harm(about)}{_rest(decision)}{_best(decision)}{rule}"


def _rest(decision: Decision) -> str:
    if not decision.alone:
        return ""
    return f" Whether the other tasks gain without {named(decision.alone)} is unchecked."


def _best(decision: Decision) -> str:
    """What single-task networks of other widths gain, where that is shown: sharing is compared at its own width."""
    others = (option for option in decision.options if option.kind in (ALONE_ELSEWHERE, BEST_ALONE))
    best = max((option for option in others if option.low > option.band), key=lambda option: option.gain, default=None)
    if best is None:
        return ""
    cost = f"{fraction(best.ratios[1])} of the multiply-adds".replace("× of", "×")
    width = "but each at its best width" if best.kind == BEST_ALONE else f"but at width {best.facts['width']}"
    return f" Trained alone, {width}, the tasks gain {mean_gain(best)} at {cost}."


def _harm(about: Option) -> str:
    by_sharing, unexplained = about.with_word(HURT_BY_SHARING), about.with_word(HURT, TUNED_ALONE)
    if by_sharing:
        lost = about.tasks.loc[about.tasks["task"].isin(by_sharing), "gain"].min()
        most = "up to " if len(by_sharing) > 1 else ""
        verb = agree(len(by_sharing), "is", "are")
        return f"{named(by_sharing)} {verb} hurt by sharing (by {most}{points(-lost, sign=False)} points)."
    task, lowest = about.worst_plausible
    if unexplained:
        return (
            f"{named(unexplained)} {agree(len(unexplained), 'does', 'do')} better alone; that sharing is the cause is "
            f"not shown."
        )
    if lowest == -math.inf:
        return f"No task is shown to be hurt; how much {task} may lose is unknown, with too few test examples."
    if not task:
        return "Whether a task is hurt is open: there are no intervals."
    if lowest >= 0:
        return "No task is shown to be hurt, and none plausibly loses."
    unknown = [] if task in about.hardly_judged else about.hardly_judged
    aside = f" ({named(unknown)} aside: too little is judged)" if unknown else ""
    lost = points(-lowest, sign=False)
    return f"No task is shown to be hurt; at worst of all tasks at once, {task} could lose {lost} points{aside}."
