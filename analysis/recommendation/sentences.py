"""The verdict in a few sentences of plain text: who gains, who pays, and on how much it rests."""

from __future__ import annotations

import pandas as pd

from analysis.formatting import LONG, agree, interval, listing, named, points, way_to_share
from analysis.questions import table_of, weighting
from analysis.recommendation.decision import DO_NOT_SHARE, SHARE, Decision
from analysis.recommendation.headline import in_words
from analysis.records.explored import search_of_compared
from analysis.records.frames import each
from analysis.records.schema import Records
from analysis.records.unshared import UNSHARED
from analysis.statistics.judged import choices
from analysis.statistics.paired_gains import MEAN, TASK
from analysis.statistics.verdicts import (
    CHOSEN,
    HELPED,
    HELPED_BY_SHARING,
    HURT,
    HURT_BY_SHARING,
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
    by_weighting = table_of("weighting", records)
    judged = verdicts(rows, CHOSEN)
    sentences = [
        _opening(decision, decided=bool((judged["word"] != UNDECIDED).any())),
        _findings(judged, rows, "Against single-task networks tuned with the same budget,"),
        _different_choices(records),
        *_beside(rows, decision),
        _best(rows, decision),
        weighting.finding(by_weighting) if len(by_weighting) else "",
        _effort(records, rows),
    ]
    return " ".join(filter(None, sentences))


def _opening(decision: Decision, *, decided: bool) -> str:
    """What qualifies the headline: a candidate, the arm that was tried, or that nothing is decided yet."""
    another = decision.chosen is not None and (decision.about is None or decision.about.kind != CHOSEN)
    chose = f"Validation chose {_chosen(decision.chosen)}." if another else ""
    if decision.alone:
        shared, alone = in_words(decision.arm), listing(decision.alone)
        candidate = f"Candidate: share {shared} among the other tasks and train {alone} alone (unchecked)."
        return f"{candidate} {chose}".strip()
    if another:
        return chose
    if decision.word == DO_NOT_SHARE and decision.arm["sharing"] not in UNSHARED:
        return f"The best arm shares {in_words(decision.arm)}."
    return "Provisionally: no task has a verdict yet." if decision.word == SHARE and not decided else ""


def _different_choices(records: Records) -> str:
    """That the gains of the chosen arm are those of several arms, where outer folds have not chosen the same."""
    number = len(choices(records))
    if number < 2:
        return ""
    return (
        f"The {records.num_folds} outer folds chose {number} different arms: these gains are what choosing on this "
        "table brings, and not those of one arm."
    )


def _chosen(facts: pd.Series | None) -> str:
    if facts is None:
        return ""
    if facts["sharing"] == "single_task":
        return f"single-task networks of width {facts['width']}"
    return (
        f"one training loop without sharing at width {facts['width']}"
        if facts["sharing"] in UNSHARED
        else (f"to share {in_words(facts)}")
    )


def _findings(judged: pd.DataFrame, rows: pd.DataFrame, opening: str) -> str:
    """The verdicts on one arm as a sentence; nothing where there are none."""
    phrases = [phrase(with_word(judged, word)) for word, phrase in _PHRASES.items() if len(with_word(judged, word))]
    alone = with_word(judged, TUNED_ALONE)
    if len(alone):
        phrases.append(_tuned_alone(alone, rows))
    return f"{opening} {'; '.join(phrases)}." if phrases else ""


def _helped(rows: pd.DataFrame, how: str = "") -> str:
    shown = [f"{row.task} ({points(row.gain)} {interval(row.low, row.high)})" for row in each(rows)]
    if len(rows) > LONG:
        shown = [f"{len(rows)} tasks ({points(rows['gain'].min())} to {points(rows['gain'].max())})"]
    return f"{named(shown)} {agree(len(rows), 'improves', 'improve')}{how}"


def _hurt(rows: pd.DataFrame, by: str = " by sharing") -> str:
    return "; ".join(
        f"{row.task} is hurt{by}, by {points(-row.gain, sign=False)} {interval(-row.high, -row.low)} points of skill"
        for row in each(rows)
    )


def _tuned_alone(judged: pd.DataFrame, rows: pd.DataFrame) -> str:
    """What is known of tasks that do better alone: whether sharing is the cause is open, and how much it may cost."""
    loop = rows[(rows["baseline"] == "loop") & (rows["scope"] == TASK) & rows["arm"].isin(judged["arm"])]
    lowest = loop.loc[loop["task"].isin(judged["task"]), "low_simultaneous"].min()
    at_worst = f", which may cost up to {points(-lowest, sign=False)} points," if lowest < 0 else ""
    verb = agree(len(judged), "does", "do")
    return f"{named(list(judged['task']))} {verb} better alone; that sharing is the cause{at_worst} is not shown"


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
    TIE: _tied,
    UNDECIDED: _undecided,
}


def _beside(rows: pd.DataFrame, decision: Decision) -> list[str]:
    """A sentence for every arm that was judged beside the chosen one."""
    judged = rows[(rows["role"] != CHOSEN) & (rows["baseline"] == "each") & (rows["scope"] == TASK)]
    alone = {option.arm: option.alone for option in decision.options}
    return [_one_beside(group, rows, alone.get(str(arm), [])) for arm, group in judged.groupby("arm", sort=False)]


def _one_beside(judged: pd.DataFrame, rows: pd.DataFrame, alone: list[str]) -> str:
    facts = judged.iloc[0]
    way = way_to_share(facts["sharing"], facts["depth"], facts["stages"])
    apart = f", {named(alone)} alone" if alone else ""
    opening = f"{way[:1].upper()}{way[1:]} at width {facts['width']}{apart}, judged beside it:"
    judged = judged[(judged["word"] != UNDECIDED) & ~judged["task"].isin(alone)]
    return _findings(judged, rows, opening) or f"{opening} no task is decided."


def _best(rows: pd.DataFrame, decision: Decision) -> str:
    """How the arm of the decision stands against single-task networks at the best width of each task."""
    best = rows[(rows["arm"] == decision.arm["arm"]) & (rows["baseline"] == "best")]
    against, mean = best[best["scope"] == TASK], best[best["scope"] == MEAN]
    if against.empty or against["low_simultaneous"].isna().all() or (against["sharing"] == "single_task").all():
        return ""
    each = rows[(rows["arm"] == decision.arm["arm"]) & (rows["baseline"] == "each") & (rows["scope"] == TASK)]
    if dict(zip(each["task"], each["gain"], strict=True)) == dict(zip(against["task"], against["gain"], strict=True)):
        return ""  # they are the networks of the same width, of which the sentences before speak
    ahead = (against["low_simultaneous"] > against["band"]).sum()
    behind = against.loc[against["high_simultaneous"] < -against["band"], "task"]
    if not ahead and behind.empty and not (mean["low"] > 0).any():
        return "Nothing separates it from single-task networks at their best width."
    return f"Single-task networks at their best width are ahead on {named(list(behind))}." if len(behind) else ""


def _effort(records: Records, rows: pd.DataFrame) -> str:
    replicas = records.replicas.drop_duplicates("replica")
    arms = replicas.loc[replicas["phase"] == "confirm", "arm"].nunique()
    search = len(search_of_compared(replicas, records))
    seeds = int(rows.loc[rows["baseline"] == "each", "n"].max()) if (rows["baseline"] == "each").any() else 0
    paired = f"{seeds} paired {agree(seeds, 'seed', 'seeds')}, " if seeds else ""
    return (
        f"{paired}{arms} confirmed {agree(arms, 'arm', 'arms')}, {search:,} search "
        f"{agree(search, 'replica', 'replicas')}."
    )
