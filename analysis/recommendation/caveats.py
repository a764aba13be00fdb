"""What speaks against a verdict: what would change it, how much was tried to reach it, and its strongest caveat."""

from __future__ import annotations

import math

import pandas as pd

from analysis.formatting import agree, named, points
from analysis.recommendation.option import GAINED
from analysis.records.explored import search_of_compared
from analysis.records.frames import each, groups
from analysis.records.phases import PHASES
from analysis.records.schema import Records
from analysis.selection.skills import selected
from analysis.statistics.intervals import MIN_SEEDS
from analysis.statistics.paired_gains import TASK
from analysis.statistics.verdicts import HURT_BY_SHARING, UNDECIDED, with_word


def changes(rows: pd.DataFrame, arm: str) -> list[str]:
    """Return what would change the verdict on the arm labelled ``arm``: a wider band, more data, another baseline."""
    said, rows = [], rows[rows["arm"] == arm]
    judged = rows[(rows["baseline"] == "each") & (rows["scope"] == TASK)]
    for row in each(judged.sort_values("order")):
        if row.word in (*GAINED, HURT_BY_SHARING):
            said.append(f"{row.task} would not count as {row.word} with a band of ±{row.edge:.1f} points or wider.")
    for facts, same in groups(with_word(judged, UNDECIDED), ["remedy"]):
        remedy = facts["remedy"]
        said.append(f"{remedy[:1].upper()}{remedy[1:]} could decide {named(list(same['task']))}.")
    for row in each(rows[rows["contradicts"] & (rows["scope"] == TASK)]):
        said.append(
            f"{row.task}: against the baseline '{row.baseline}' the verdict on the {row.role} arm is the opposite."
        )
    return said


def winners_curse(records: Records, arm: str) -> str:
    """Return a sentence with the chosen arm's mean validation skill in the search, confirm and verdict phases."""
    own = records.replicas[records.replicas["arm"] == arm]
    own = own.assign(skill=100 * selected(own, "validation_skill"))
    draws = (records.frozen("draws") or {}).get(arm, {})
    picked = own["phase"].ne("search") | own["draw"].eq(own["task"].map(draws))
    means = own[picked].groupby("phase")["skill"].mean()
    replicas = records.replicas
    num_draws = search_of_compared(replicas, records)["draw"].nunique()
    num_arms = replicas.loc[replicas["phase"] == "confirm", "arm"].nunique()
    shown = [f"{points(means.get(phase, math.nan), sign=False)} in {phase}" for phase in PHASES]
    return (
        f"Mean validation skill of the chosen arm: {named(shown)} (points); it is the pick of {num_draws} "
        f"{agree(num_draws, 'draw', 'draws')} and {num_arms} {agree(num_arms, 'arm', 'arms')}, and only the last was "
        "not used to pick it."
    )


def caveat(records: Records, rows: pd.DataFrame, arm: str, command: str = "") -> str:
    """Return the gravest caveat that holds for the verdict, in one sentence.

    Args:
        records: of the study.
        rows: the table of the transfer question.
        arm: label of the arm to use, or of the chosen one.
        command: of the next step; where it adds seeds, they are not called useless.
    """
    judged = rows[(rows["baseline"] == "each") & (rows["scope"] == TASK)]
    if judged.empty:
        return "No network that shares was judged: what sharing does on this task set is not known."
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
    folded = records.num_folds > 1
    if len(tested) * 2 > len(judged) and "--seeds" not in command:
        limit, more = ("The rows that judge", "labelled rows") if folded else ("The test split", "test data")
        verb = "limit" if folded else "limits"
        return f"{limit} {verb} the precision more than the seeds do: only more {more} would sharpen it much."
    judged_by = "rows of the same table judge every network" if folded else "all networks meet the same test split"
    return (
        f"Resampled splits of one pool overlap, and {judged_by}: the intervals speak of this pool of data, not of "
        "another one."
    )


def _still_improving(records: Records, arm: str) -> float:
    rows = records.replicas
    own = rows[(rows["arm"] == arm) & rows["phase"].isin(("confirm", "verdict")) & (rows["status"] == "finished")]
    return float((own["selected_epoch"] >= own["budget_epochs"] - 1).mean()) if len(own) else 0.0
