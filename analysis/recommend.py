"""The decision card: share or not, at what price, how sure, and what would change the answer.

Sharing is recommended only if no task is hurt by it.  Otherwise the answer is *do not share* or, where at least two
tasks are left, a *candidate*: share the rest and train the hurt ones alone, which no run has checked yet.
"""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.gains import TASK
from analysis.questions import cost, transfer, weighting
from analysis.questions.transfer import RECOMMENDED, REFERENCE, verdicts
from analysis.records import Records
from analysis.selection import selected
from analysis.statistics import HELPED, HURT, HURT_BY_SHARING, MAX_SEEDS, MIN_SEEDS, TIE, TUNED_ALONE, UNDECIDED
from analysis.wording import agree, amount, interval, listing, points

SHARE, DO_NOT_SHARE, CANDIDATE, OPEN = "share", "do not share", "candidate", "no verdict yet"
UNSHARED = ("single_task", "independent")

LONG = 6
"""Of more tasks than this a sentence gives the number; the page has the names."""


@dataclass(frozen=True)
class Recommendation:
    """What to do, and why.

    Args:
        decision: ``share``, ``do not share``, ``candidate`` or ``no verdict yet``.
        sentence: the verdict in a few sentences of plain text.
        arm: label of the recommended arm; empty without one.
        alone: tasks that the candidate would train alone.
        cost: against single-task networks of the same width; may be empty.
        changes: what would change the verdict, one sentence each.
        curse: skill of the chosen arm in search, confirm and verdict, with how much was tried.
        caveat: the strongest one.
        step: what to do next, in words.
        command: what to type for it; empty where no single command does it.
    """

    decision: str
    sentence: str
    arm: str = ""
    alone: list[str] = field(default_factory=list)
    cost: str = ""
    changes: list[str] = field(default_factory=list)
    curse: str = ""
    caveat: str = ""
    step: str = ""
    command: str = ""


def recommend(records: Records) -> Recommendation:
    """The recommendation that the records support."""
    scores = transfer.score(records)
    chosen = records.frozen("arm")
    if scores.empty or chosen is None:
        return _unfinished(records)
    rows = transfer.table(scores)
    facts = records.replicas[records.replicas["arm"] == chosen["arm"]].iloc[0]
    alone = list(_with(verdicts(rows, RECOMMENDED), HURT_BY_SHARING)["task"])
    decision = _decision(facts, alone, len(records.tasks))
    step, command = _next(records, rows, decision, alone)
    return Recommendation(
        decision=decision,
        sentence=" ".join(part for part in _sentences(records, rows, facts, decision, alone) if part),
        arm=chosen["arm"],
        alone=alone if decision == CANDIDATE else [],
        cost=_cost(records, chosen["arm"]),
        changes=_changes(rows),
        curse=_curse(records, facts, rows),
        caveat=_caveat(records, rows, chosen["arm"]),
        step=step,
        command=command,
    )


def _unfinished(records: Records) -> Recommendation:
    done = [phase for phase in ("search", "confirm", "verdict") if (records.replicas["phase"] == phase).any()]
    so_far = f"Records so far: {listing(done)}." if done else "There are no records yet."
    command = f"mtl-study run {_quoted(records, 'study.yaml')} --out {_quoted(records)}"
    return Recommendation(
        decision=OPEN,
        sentence=f"No verdict yet: the fresh seeds that judge the chosen arm are not scored. {so_far}",
        step="Run the same study again: what is missing is trained.",
        command=command,
    )


def _decision(facts: pd.Series, alone: list[str], num_tasks: int) -> str:
    if facts["sharing"] in UNSHARED:
        return DO_NOT_SHARE
    if not alone:
        return SHARE
    return CANDIDATE if num_tasks - len(alone) >= 2 else DO_NOT_SHARE


def _sentences(records: Records, rows: pd.DataFrame, facts: pd.Series, decision: str, alone: list[str]) -> list[str]:
    judged = verdicts(rows, RECOMMENDED)
    return [
        _opening(facts, decision, alone, decided=bool((judged["word"] != UNDECIDED).any())),
        _findings(judged, "Against single-task networks tuned with the same budget,"),
        _reference(rows),
        _best(rows),
        _weighting(records),
        _effort(records, rows),
    ]


def _opening(facts: pd.Series, decision: str, alone: list[str], *, decided: bool) -> str:
    if decision == DO_NOT_SHARE:
        tried = "" if facts["sharing"] in UNSHARED else f" The best arm shares {_shared(facts)}."
        return f"Do not share on this task set.{tried}"
    if decision == CANDIDATE:
        return (
            f"Do not share everything with everyone. Candidate: share {_shared(facts)} among the other tasks and train "
            f"{listing(alone)} alone (unchecked)."
        )
    return f"Share {_shared(facts)}{'.' if decided else ', provisionally: no task has a verdict yet.'}"


def _shared(facts: pd.Series) -> str:
    weights = "equal weights" if facts["weighting"] == "equal" else f"{facts['weighting']} weighting"
    depth = "" if np.isnan(facts["depth"]) else f"{facts['depth']:.0f} of {facts['stages']} stages "
    kind = "" if facts["sharing"] == "hard" else f"({facts['sharing']}) "
    return f"{depth}{kind}at width {facts['width']} with {weights}"


def _findings(rows: pd.DataFrame, opening: str) -> str:
    """The verdicts on one arm as a sentence; nothing where there are none."""
    phrases = [phrase(_with(rows, word)) for word, phrase in _PHRASES.items() if len(_with(rows, word))]
    return f"{opening} {'; '.join(phrases)}." if phrases else ""


def _with(rows: pd.DataFrame, word: str) -> pd.DataFrame:
    return rows[rows["word"] == word].sort_values("order")


def _helped(rows: pd.DataFrame) -> str:
    shown = [f"{row.task} ({points(row.gain)} {interval(row.low, row.high)})" for row in rows.itertuples()]
    if len(rows) > LONG:
        shown = [f"{len(rows)} tasks ({points(rows['gain'].min())} to {points(rows['gain'].max())})"]
    return f"{_all(shown)} {agree(len(rows), 'improves', 'improve')}"


def _hurt(rows: pd.DataFrame, by: str = " by sharing") -> str:
    losses = [f"by {points(-row.gain, sign=False)} ± {points(row.half_width, sign=False)}" for row in rows.itertuples()]
    shown = [
        f"{row.task} is hurt{by}, {loss} points of skill" for row, loss in zip(rows.itertuples(), losses, strict=True)
    ]
    return "; ".join(shown)


def _tuned_alone(rows: pd.DataFrame) -> str:
    verb = agree(len(rows), "does", "do")
    return f"{_all(list(rows['task']))} {verb} better alone, but not because of sharing"


def _tied(rows: pd.DataFrame) -> str:
    return f"{_all(list(rows['task']))} {agree(len(rows), 'shows', 'show')} no practical difference"


def _undecided(rows: pd.DataFrame) -> str:
    return "; ".join(
        f"{_all(list(same['task']))} {agree(len(same), 'is undecided and needs', 'are undecided and need')} {remedy}"
        for remedy, same in rows.groupby("remedy", sort=False)
    )


def _all(names: list[str]) -> str:
    return listing(names, limit=LONG)


_PHRASES = {
    HELPED: _helped,
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
    return f"Single-task networks at their best width are ahead on {_all(list(behind))}." if len(behind) else ""


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


def _cost(records: Records, arm: str) -> str:
    table = cost.table(cost.score(records)).set_index("arm")
    if arm not in table.index or not math.isfinite(table.loc[arm, "multiply_adds_ratio"]):
        return ""
    row = table.loc[arm]
    if row["sharing"] == "single_task":
        return (
            f"{amount(row['multiply_adds'])} multiply-adds per example, {amount(row['parameters'])} parameters in all."
        )
    return (
        f"{row['multiply_adds_ratio']:.0%} of the multiply-adds and {row['parameters_ratio']:.0%} of the parameters of "
        f"single-task networks of width {row['width']} ({amount(row['multiply_adds'])} multiply-adds per example, "
        f"{amount(row['parameters'])} parameters)."
    )


def _changes(rows: pd.DataFrame) -> list[str]:
    """What would change the verdict on the recommended arm: a wider band, more data, another baseline."""
    said = []
    for row in verdicts(rows, RECOMMENDED).sort_values("order").itertuples():
        edge = row.low_simultaneous if row.word == HELPED else -row.high_simultaneous
        if row.word in (HELPED, HURT_BY_SHARING):
            said.append(f"{row.task} would not count as {row.word} with a band of ±{edge:.1f} points or wider.")
    for remedy, same in _with(verdicts(rows, RECOMMENDED), UNDECIDED).groupby("remedy", sort=False):
        said.append(f"{remedy[:1].upper()}{remedy[1:]} could decide {_all(list(same['task']))}.")
    for row in rows[rows["contradicts"] & (rows["scope"] == TASK)].itertuples():
        said.append(
            f"{row.task}: against the baseline '{row.baseline}' the verdict on the {row.role} arm is the opposite."
        )
    return said


def _curse(records: Records, facts: pd.Series, rows: pd.DataFrame) -> str:
    """The chosen arm's mean validation skill where it was picked, where it was chosen, and where it was judged."""
    own = records.replicas[records.replicas["arm"] == facts["arm"]]
    own = own.assign(skill=100 * selected(own, "validation_skill"))
    draws = (records.frozen("draws") or {}).get(facts["arm"], {})
    picked = own["phase"].ne("search") | own["draw"].eq(own["task"].map(draws))
    means = own[picked].groupby("phase")["skill"].mean()
    replicas = records.replicas
    num_draws = replicas.loc[replicas["phase"] == "search", "draw"].nunique()
    num_arms = replicas.loc[replicas["phase"] == "confirm", "arm"].nunique()
    shown = [
        f"{points(means.get(phase, math.nan), sign=False)} in {phase}" for phase in ("search", "confirm", "verdict")
    ]
    return (
        f"Mean validation skill of the chosen arm: {_all(shown)} (points); it is the pick of {num_draws} "
        f"{agree(num_draws, 'draw', 'draws')} and {num_arms} {agree(num_arms, 'arm', 'arms')}, and only the last was "
        "not used to pick it."
    )


def _caveat(records: Records, rows: pd.DataFrame, arm: str) -> str:
    """The first of these that holds, in the order of how much it shakes the verdict."""
    judged = rows[(rows["baseline"] == "each") & (rows["scope"] == TASK)]
    paired = judged[judged["n"] > 0]
    if paired.empty or paired["n"].min() < MIN_SEEDS:
        return f"Fewer than {MIN_SEEDS} paired seeds: there are points, but no intervals."
    status = records.replicas.drop_duplicates("replica")["status"]
    lost = status.isin(("failed", "diverged")).mean()
    if lost > 0.2:
        return f"{lost:.0%} of the replicas failed or diverged."
    shrunk = [text for event in records.events("planned")[-1:] for text in event.get("shrunk", [])]
    if shrunk:
        return f"The budget shrank the plan: {'; '.join(shrunk)}."
    late = _still_improving(records, arm)
    if late > 0.5:
        return (
            f"{late:.0%} of the chosen arm's networks were best in their last epoch: more epochs may change the order."
        )
    tested = judged[judged["test_error"] ** 2 * judged["n"] > judged["seed_sd"] ** 2]
    if len(tested) * 2 > len(judged):
        return "The test split limits the precision more than the seeds do: only more test data would sharpen it much."
    return (
        "Resampled splits of one pool overlap, and all networks meet the same test split: the intervals speak of "
        "this pool of data, not of another one."
    )


def _still_improving(records: Records, arm: str) -> float:
    rows = records.replicas
    own = rows[(rows["arm"] == arm) & rows["phase"].isin(("confirm", "verdict")) & (rows["status"] == "finished")]
    return float((own["selected_epoch"] >= own["budget_epochs"] - 1).mean()) if len(own) else 0.0


def _next(records: Records, rows: pd.DataFrame, decision: str, alone: list[str]) -> tuple[str, str]:
    if decision == CANDIDATE:
        return f"Check the candidate: run the same study without {_all(alone)}.", ""
    undecided = _with(verdicts(rows, RECOMMENDED), UNDECIDED)
    by_seeds = undecided[(undecided["more_seeds"] <= MAX_SEEDS) & (undecided["n"] > 0)]
    if len(by_seeds):
        seeds = int((by_seeds["n"] + by_seeds["more_seeds"]).max())
        would = "would about decide" if by_seeds["n"].min() >= MIN_SEEDS else "are the least that gives intervals for"
        command = (
            f"mtl-study run {_quoted(records, 'study.yaml')} --set verdict.seeds={seeds} "
            f"--out {shlex.quote(f'{records.path}-{seeds}-seeds')}"
        )
        return f"{seeds} verdict seeds {would} {_all(list(by_seeds['task']))}.", command
    if len(undecided):
        return f"Only more test data would decide {_all(list(undecided['task']))}.", ""
    return "Every task is decided; the page can be written again at any time.", f"mtl-study report {_quoted(records)}"


def _quoted(records: Records, *parts: str) -> str:
    return shlex.quote(str(records.path.joinpath(*parts)))
