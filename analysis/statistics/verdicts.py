"""Verdict words: they stand against ``each`` only, and ``loop`` decides whether sharing is to blame."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from analysis.formatting import number_of
from analysis.records.frames import each
from analysis.statistics.intervals import MIN_SEEDS, Gain
from analysis.statistics.outcomes import LOOP
from analysis.statistics.paired_gains import TASK

HELPED, HURT, TIE, UNDECIDED = "helped", "hurt", "no practical difference", "undecided"
HURT_BY_SHARING, TUNED_ALONE = "hurt by sharing", "better tuned alone"
HELPED_BY_SHARING, TRAINED_TOGETHER = "helped by sharing", "better trained together"

ALONE = "trained alone"
"""What is shown in place of a word where an arm has the single-task networks themselves, as a candidate's task has."""

NO_VERDICT = "no verdict"
"""What is shown in place of a word where there are too few seeds for an interval."""

MAX_SEEDS = 1000
"""More seeds than this are not worth naming as a remedy."""

CHOSEN, REFERENCE, CANDIDATE, ADDED = "chosen", "reference", "candidate", "added"
"""The roles of a judged arm: the chosen one, one that was fixed beforehand, the rest without harmed tasks, and one that
was added to the finished study; in the ledger each of the latter has a number, as in ``added 1.0``."""


def role_of(name: str) -> str:
    """Return the role of a judged arm from its name in the ledger."""
    return ADDED if name.startswith(ADDED) else name


def judge(rows: pd.DataFrame) -> pd.DataFrame:
    """Add verdict words of tasks and of their mean against ``each``.

    For the tasks of other baselines, add whether they contradict that verdict.
    """
    words = rows.set_index(["arm", "baseline", "scope", "task"])["word"].to_dict()
    opposite = {HELPED: HURT, HURT: HELPED}
    final, contradicts = [], []
    for row in each(rows):
        against_each = words.get((row.arm, "each", row.scope, row.task), "")
        opposed = row.baseline != "each" and row.word != "" and opposite.get(against_each) == row.word
        contradicts.append(opposed and row.scope == TASK)
        if row.baseline != "each":
            final.append("")
        else:  # the loop itself shares nothing: sharing is neither to blame nor to thank
            against_loop = TIE if row.sharing == LOOP else words.get((row.arm, "loop", row.scope, row.task))
            final.append(attributed(row.word, against_loop))
    rows = rows.assign(word=final, contradicts=contradicts)
    undecided = rows["word"] == UNDECIDED
    return rows.assign(remedy=rows["remedy"].where(undecided, ""), more_seeds=rows["more_seeds"].where(undecided))


def shown_word(row: Any) -> str:
    """Return what to show for a row of the transfer table: its word, that its task is trained alone, or no verdict."""
    if row.alone and row.low == row.high:
        return ALONE
    return row.word if row.n >= MIN_SEEDS else NO_VERDICT


def verdicts(rows: pd.DataFrame, role: str) -> pd.DataFrame:
    """Return the rows of a table that carry verdicts: per task, against ``each``."""
    return rows[(rows["role"] == role) & (rows["baseline"] == "each") & (rows["scope"] == TASK)]


def with_word(rows: pd.DataFrame, word: str) -> pd.DataFrame:
    """Return the rows that carry the verdict ``word``, in the order of the task set."""
    return rows[rows["word"] == word].sort_values("order")


def verdict(gain: Gain, band: float) -> str:
    """Return the word for a gain: its simultaneous interval against ±``band`` points of no practical difference."""
    low, high = gain.simultaneous
    if low > band:
        return HELPED
    if high < -band:
        return HURT
    return TIE if -band <= low and high <= band else UNDECIDED


def attributed(against_each: str, against_loop: str | None) -> str:
    """Return the word after asking whether sharing is the cause.

    A task is *hurt by sharing* or *helped by sharing* only if the same holds against private networks inside the same
    training loop.  Against its own tuned network alone it is *better tuned alone* or *better trained together*: the
    effect of the arm is shown, that sharing causes it is not.  Both comparisons must agree, so neither needs a
    correction.  ``None``: the loop was not run, and the bare *hurt* or *helped* stays.
    """
    if against_each not in (HURT, HELPED) or against_loop is None:
        return against_each
    if against_loop == against_each:
        return HURT_BY_SHARING if against_each == HURT else HELPED_BY_SHARING
    return TUNED_ALONE if against_each == HURT else TRAINED_TOGETHER


def more_seeds(gain: Gain, band: float) -> float:
    """Return how many further seeds would about decide an undecided gain, were its mean and spread to stay.

    Solves t² (s² / n + v) = d² for n, with d the distance from the mean to the nearer edge of the band and t the
    simultaneous quantile.  Infinite: the test examples alone leave it open, so only more of these would help.
    """
    if gain.n < MIN_SEEDS or not math.isfinite(gain.error):
        return float(max(0, MIN_SEEDS - gain.n)) if gain.n < MIN_SEEDS else math.inf
    if gain.error == 0:
        return math.inf
    quantile = gain.half_simultaneous / gain.error
    allowed = (abs(abs(gain.mean) - band) / quantile) ** 2 - gain.test_error**2
    return max(1.0, math.ceil(gain.seed_sd**2 / allowed) - gain.n) if allowed > 0 else math.inf


def remedy(gain: Gain, band: float) -> str:
    """Return what would decide an undecided gain, in words."""
    seeds = more_seeds(gain, band)
    if gain.n == 0:
        return "test labels"
    if gain.n < MIN_SEEDS:
        return f"at least {number_of(int(seeds), 'more seed')}"
    if math.isfinite(seeds) and seeds <= MAX_SEEDS:
        return f"about {number_of(int(seeds), 'more seed')}"
    return "more test data" if math.isinf(seeds) and gain.test_error > 0 else f"more than {MAX_SEEDS:,} more seeds"
