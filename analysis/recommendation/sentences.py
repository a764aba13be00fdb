"""The verdict in a few sentences of plain text: what to do, who gains, who pays, and on how much it rests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.formatting import LONG, agree, interval, listing, named, points
from analysis.questions import weighting
from analysis.recommendation.decision import DO_NOT_SHARE, UNSHARED, Decision
from analysis.records.frames import each
from analysis.records.schema import Records
from analysis.statistics.paired_gains import TASK
from analysis.statistics.verdicts import (
    HELPED,
    HELPED_BY_SHARING,
    HURT,
    HURT_BY_SHARING,
    RECOMMENDED,
    REFERENCE,
    TIE,
    TRAINED_TOGETHER,
    TUNED_ALONE,
    UNDECIDED,
    verdicts,
    with_word,
)


def explanation(records: Records, rows: pd.DataFrame, decision: Decision) -> str:
    """Return the sentences after the headline, as one paragraph.

    Args:
        records: of the study.
        rows: the table of the transfer question.
        decision: what the paragraph explains.
    """
    judged = verdicts(rows, RECOMMENDED)
    sentences = [
        _candidate(decision, decided=bool((judged["word"] != UNDECIDED).any())),
        _findings(judged, "Against single-task networks tuned with the same budget,"),
        _reference(rows),
        _best(rows),
        _weighting(records),
        _effort(records, rows),
    ]
    return " ".join(filter(None, sentences))


def headline(decision: Decision) -> str:
    """Return what to do, in one sentence of plain text."""
    if decision.alone:
        payers = f"{named(decision.alone)} {agree(len(decision.alone), 'pays', 'pay')} for it"
        return f"Do not share everything with everyone: {payers}."
    if not decision.judged:
        return "Single-task networks did best on validation; no shared network was judged."
    if decision.word == DO_NOT_SHARE:
        return "Do not share on this task set."
    return f"Share {_shared(decision.arm)}."


def _candidate(decision: Decision, *, decided: bool) -> str:
    """What qualifies the headline: a candidate, the arm that was tried, or that nothing is decided yet."""
    shared = _shared(decision.arm)
    if not decision.judged:
        return (
            "An arm that shares every stage would be judged beside them; the study has none: add it to factors.depth."
        )
    if decision.alone:
        return f"Candidate: share {shared} among the other tasks and train {listing(decision.alone)} alone (unchecked)."
    if decision.word == DO_NOT_SHARE:
        return "" if decision.arm["sharing"] in UNSHARED else f"The best arm shares {shared}."
    return "" if decided else "Provisionally: no task has a verdict yet."


def _shared(facts: pd.Series) -> str:
    weights = "equal weights" if facts["weighting"] == "equal" else f"{facts['weighting']} weighting"
    depth = "all stages" if np.isnan(facts["depth"]) else f"{facts['depth']:.0f} of {facts['stages']} stages"
    kind = "" if facts["sharing"] == "hard" else f" by {facts['sharing']}"
    return f"{depth}{kind} at width {facts['width']} with {weights}"


def _findings(rows: pd.DataFrame, opening: str) -> str:
    """The verdicts on one arm as a sentence; nothing where there are none."""
    phrases = [phrase(with_word(rows, word)) for word, phrase in _PHRASES.items() if len(with_word(rows, word))]
    return f"{opening} {'; '.join(phrases)}." if phrases else ""


def _helped(rows: pd.DataFrame, how: str = "") -> str:
    shown = [f"{row.task} ({points(row.gain)} {interval(row.low, row.high)})" for row in each(rows)]
    if len(rows) > LONG:
        shown = [f"{len(rows)} tasks ({points(rows['gain'].min())} to {points(rows['gain'].max())})"]
    return f"{named(shown)} {agree(len(rows), 'improves', 'improve')}{how}"


def _hurt(rows: pd.DataFrame, by: str = " by sharing") -> str:
    return "; ".join(
        f"{row.task} is hurt{by}, by {points(-row.gain, sign=False)} ± {points(row.half_width, sign=False)} "
        "points of skill"
        for row in each(rows)
    )


def _tuned_alone(rows: pd.DataFrame) -> str:
    verb = agree(len(rows), "does", "do")
    return f"{named(list(rows['task']))} {verb} better alone, but not because of sharing"


def _tied(rows: pd.DataFrame) -> str:
    return f"{named(list(rows['task']))} {agree(len(rows), 'shows', 'show')} no practical difference"


def _undecided(rows: pd.DataFrame) -> str:
    return "; ".join(
        f"{named(list(same['task']))} {agree(len(same), 'is undecided and needs', 'are undecided and need')} {remedy}"
        for remedy, same in rows.groupby("remedy", sort=False)
    )


_PHRASES = {
    HELPED_BY_SHARING: lambda rows: _helped(rows, " by sharing"),
    HELPED: _helped,
    TRAINED_TOGETHER: lambda rows: _helped(rows, " trained together (that sharing does it is not shown)"),
    HURT_BY_SHARING: _hurt,
    HURT: lambda rows: _hurt(rows, by=" (whether by sharing is open: the loop baseline is missing)"),
    TUNED_ALONE: _tuned_alone,
    TIE: _tied,
    UNDECIDED: _undecided,
}


def _reference(rows: pd.DataFrame) -> str:
    judged = verdicts(rows, REFERENCE)
    decided = judged[judged["word"] != UNDECIDED]
    if judged.empty:
        return ""
    width = f"Sharing all {judged['stages'].iloc[0]} stages at width {judged['width'].iloc[0]}, judged beside it:"
    return _findings(decided, width) or f"{width} no task is decided."


def _best(rows: pd.DataFrame) -> str:
    against = rows[(rows["role"] == RECOMMENDED) & (rows["baseline"] == "best") & (rows["scope"] == TASK)]
    if against.empty or against["half_simultaneous"].isna().all() or (against["sharing"] == "single_task").all():
        return ""
    ahead = (against["low_simultaneous"] > against["band"]).sum()
    behind = against.loc[against["high_simultaneous"] < -against["band"], "task"]
    if not ahead and behind.empty:
        return "Nothing separates it from single-task networks at their best width."
    return f"Single-task networks at their best width are ahead on {named(list(behind))}." if len(behind) else ""


def _weighting(records: Records) -> str:
    scores = weighting.score(records)
    return "" if scores.empty else weighting.finding(weighting.table(scores))


def _effort(records: Records, rows: pd.DataFrame) -> str:
    replicas = records.replicas.drop_duplicates("replica")
    arms = replicas.loc[replicas["phase"] == "confirm", "arm"].nunique()
    search = int((replicas["phase"] == "search").sum())
    seeds = int(rows.loc[rows["baseline"] == "each", "n"].max()) if (rows["baseline"] == "each").any() else 0
    return (
        f"{seeds} paired {agree(seeds, 'seed', 'seeds')}, {arms} confirmed {agree(arms, 'arm', 'arms')}, "
        f"{search:,} search {agree(search, 'replica', 'replicas')}."
    )
