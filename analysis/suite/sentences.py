"""What a ranking says in words: no more than its intervals do."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.formatting import agree, all_of, interval, listing, points
from analysis.records.frames import each
from analysis.suite.ranking import Ranking

MOST_NAMED = 8
"""Rivals that the first sentences name; a longer list is for the table."""


def title(ranking: Ranking) -> str:
    """Return the finding of a ranking: who leads, and how many cannot be told from it."""
    rows = ranking.ranked
    if rows.empty:
        return f"No {ranking.contest.noun} that all {_sets(ranking)} have in common"
    first, rest = rows.iloc[0], rows.iloc[1:]
    lead = f"{first['method']} leads ({points(first['gain'])})"
    if rest["behind_half"].isna().all():
        return f"Over {_sets(ranking)}, {lead}, by points alone: there are too few seeds for intervals"
    tied = int((~rest["separable"]).sum())
    if not tied:
        return f"Over {_sets(ranking)}, {lead}, ahead of {all_of(len(rest))}"
    return f"Over {_sets(ranking)}, {lead}; {tied} of {len(rest)} others cannot be told from it"


def sentences(ranking: Ranking) -> list[str]:
    """Return sentences on what the lead is worth, whether the task sets agree, and who is not ranked."""
    if ranking.ranked.empty:
        return [_not_ranked(ranking)]
    found = [_worth(ranking), _tied(ranking), _by_set(ranking), _not_ranked(ranking)]
    return [sentence for sentence in found if sentence]


def _worth(ranking: Ranking) -> str:
    first = ranking.ranked.iloc[0]
    if first["method"] == ranking.reference:
        return f"No other of the {ranking.contest.noun} gains over {ranking.contest.over} on the mean of the task sets."
    shown = f"{points(first['gain'])} {interval(first['low'], first['high'])}".strip()
    reading = (
        "more than none, by its own interval, which does not correct for its being the best of many"
        if first["low"] > 0
        else "less than none"
        if first["high"] < 0
        else "which may be none"
    )
    also = "" if np.isfinite(first["half_width"]) else " (no interval)"
    return f"Its mean gain over {ranking.contest.over} is {shown} points{also or f', {reading}'}."


def _tied(ranking: Ranking) -> str:
    rest = ranking.ranked.iloc[1:]
    tied = list(rest.loc[~rest["separable"], "method"])
    if not tied or rest["behind_half"].isna().all():
        return ""
    if len(tied) <= MOST_NAMED:
        return f"Not told from it: {listing(tied, limit=MOST_NAMED)}."
    return f"Not told from it: {', '.join(tied[:MOST_NAMED])}, and {len(tied) - MOST_NAMED} more, filled in the figure."


def _by_set(ranking: Ranking) -> str:
    """The best of each task set: a ranking over sets hides it where they disagree."""
    own = ranking.cells[ranking.cells["rank"].notna()]
    firsts = list(each(own.sort_values("gain", ascending=False).drop_duplicates("task_set")))
    if len({row.method for row in firsts}) == 1:
        return "It leads on every one of them." if len(firsts) > 1 else ""
    firsts.sort(key=lambda row: ranking.sets.index(row.task_set))
    shown = [f"{row.method} on {row.task_set} ({points(row.gain)})" for row in firsts]
    return f"Taken one by one, the task sets put different ones first: {listing(shown, limit=len(shown))}."


def _not_ranked(ranking: Ranking) -> str:
    rest = ranking.means[ranking.means["reason"] != ""]
    if rest.empty:
        return ""
    names = list(rest["method"])
    are = agree(len(names), "is", "are")
    return f"Missing in at least one task set, {listing(names, limit=len(names))} {are} shown but not ranked."


def notes(ranking: Ranking) -> list[str]:
    """Return a note on each method that is not ranked: where it is missing, and why."""
    rest = ranking.means[ranking.means["reason"] != ""]
    return [f"{row.method} is not ranked; {row.reason}." for row in each(rest)]


def caption(ranking: Ranking) -> str:
    """Return the caption of the figure: what is drawn, and on what it rests."""
    fewest, most = ranking.seeds
    seeds = f"n = {fewest}" if fewest == most else f"n = {fewest} to {most}"
    rivals = max(len(ranking.ranked) - 1, 1)
    return (
        f"Gain in test skill over {ranking.contest.over}, in points: the mean over tasks of each task set, then over "
        f"the {_sets(ranking)}, which count alike. Bars: 95% intervals from the variances of the sets (seeds and test "
        f"examples, paired, {seeds} confirm seeds a set; t with Welch–Satterthwaite degrees of freedom). Filled: not "
        "separable from the best, chosen by its mean (paired difference, simultaneous over "
        f"{rivals} {agree(rivals, 'rival', 'rivals')}). Small marks: single task sets."
        f"{_band(ranking)}{_sizes(ranking)} Hyperparameters and epochs selected on validation skill. Exploratory."
    )


def _band(ranking: Ranking) -> str:
    return f" Grey: the band of ±{ranking.band:g} of no practical difference." if ranking.band > 0 else ""


def _sizes(ranking: Ranking) -> str:
    """At which capacity the methods were compared, where that is one and the same."""
    if len(ranking.capacities) != 1:
        return " Sizes differ between the sets, and are in the table of gains."
    width = ranking.capacities[0]
    return f" Every arm as large as hard sharing at width {width}." if ranking.matched else f" All at width {width}."


def claim(ranking: Ranking) -> list[str]:
    """Return sentences on what the ranking means, and what it does not."""
    return [
        f"The claim is about {'these' if len(ranking.sets) > 1 else 'this'} {_sets(ranking)} "
        f"({listing(ranking.sets, limit=len(ranking.sets))}), at these sizes and with this training. The sets were "
        "chosen, not drawn: no interval here says what another one would show.",
        "Task sets are taken as independent. Sets that are made from one pool of examples are not quite, and intervals "
        "over them are somewhat too narrow.",
        "The best is chosen by the seeds that also show its gain, so that its own gain is flattered; the others are "
        "compared with it by differences that are simultaneous over all of them.",
        "Gains of task sets on different metrics are made alike by measuring skill, from the best constant prediction "
        "(0) to a perfect one (100); a task set with much to win counts for more.",
        *_zero(ranking),
    ]


def _zero(ranking: Ranking) -> list[str]:
    """The weak side of a zero that was trained itself."""
    if not ranking.reference:
        return []
    return [
        f"The zero, {ranking.reference}, has one draw of the hyperparameters in each set, chosen in its search: where "
        "that choice was unlucky, all others gain by it, and no interval holds this."
    ]


def values(rows: pd.DataFrame) -> list[str]:
    """Return what the figure shows, a line per ranked method, best first: its mean gain with the interval."""
    return [f"{row.method}: {points(row.gain)} {interval(row.low, row.high)}".strip() for row in each(rows)]


def _sets(ranking: Ranking) -> str:
    return f"{len(ranking.sets)} task {agree(len(ranking.sets), 'set', 'sets')}"
