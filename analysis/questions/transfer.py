"""What does each task win or lose by sharing, against four baselines, on fresh seeds?

The judged arms are the chosen one and the references fixed beforehand.  Against ``each`` (the tuned single-task
network of the same width) a task gets a verdict; ``loop`` decides whether sharing is to blame; ``total`` and ``best``
put it in proportion and get no verdict word.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.formatting import count_range, listing, points, way_to_share, with_interval
from analysis.importance import IMPORTANCE, with_importance
from analysis.plots import forest, style
from analysis.plots.forest import MARKS
from analysis.records.frames import each, groups
from analysis.records.schema import Records
from analysis.statistics.evidence import REMEDIES, rarer_examples
from analysis.statistics.families import Judged, judged_together
from analysis.statistics.harm_and_pooling import with_harm_and_pooling
from analysis.statistics.intervals import ALPHA, MIN_SEEDS
from analysis.statistics.judged import Comparison, comparisons
from analysis.statistics.looks import level_of
from analysis.statistics.outcomes import Setting, outcomes, setting
from analysis.statistics.paired_gains import TASK, differences, gain_columns, name_of_row
from analysis.statistics.percent_gains import percent_gain, with_delta_m
from analysis.statistics.rarer_examples import with_rarer_examples
from analysis.statistics.verdicts import (
    ADDED,
    CANDIDATE,
    CHOSEN,
    HELPED_BY_SHARING,
    HURT_BY_SHARING,
    REFERENCE,
    TIE,
    judge,
    more_seeds,
    remedy,
    shown_word,
    verdicts,
)

NUMBER, NAME = 1, "Who gains and who pays"

MEANING = {
    "loop": "nothing shared, same training loop",
    "total": "single-task, same parameters in all",
    "best": "single-task at its best width",
}
FACTS = ["arm", "role", "sharing", "depth", "stages", "width", "weighting"]
JUDGED = ["baseline", "against", "phase", "scope", "task", "order", "alone", "band", "family", "level_divisor"]


def score(records: Records) -> pd.DataFrame:
    """Return gains per judged arm, baseline, task and seed; empty before the verdict, and where there will be none."""
    judged = records.frozen("judged")
    scored = outcomes(records)
    if judged is None or records.events("ended") or "verdict" not in set(scored["phase"]):
        return pd.DataFrame()
    common = setting(records)
    trained = set(records.replicas.loc[records.replicas["phase"] == "verdict", "arm"])
    table, compared = comparisons(records, scored)
    rows, rarer = [], rarer_examples(records)
    for pair in compared:
        facts = records.replicas[records.replicas["arm"] == pair.arm].head(1)
        if facts.empty:
            continue
        known = facts[["arm", "sharing", "depth", "stages", "width", "weighting"]].iloc[0].to_dict()
        known = {str(name): value for name, value in known.items()}
        known["role"] = pair.role
        alone = (judged.get("alone") or {}).get(pair.arm, [])
        for phase, gains in _phases(table, pair, common, trained):
            gains = with_rarer_examples(gains, rarer, table, (pair.left, pair.right))
            facts = known | {"baseline": pair.baseline, "against": pair.against, "phase": phase}
            rows.append(gains.assign(**facts, alone=gains["task"].isin(alone)))
    if not rows:
        return pd.DataFrame()
    frame = with_importance(pd.concat(rows, ignore_index=True), common.importance)
    order = {task: place for place, task in enumerate(common.tasks)}
    return frame.assign(
        order=frame["task"].map(order).fillna(len(order)).astype(int),
        band=common.band,
        family=_num_verdicts(frame),
        level_divisor=common.level_divisor,
    )


def _num_verdicts(rows: pd.DataFrame) -> int:
    """Number of comparisons that get a verdict word: tasks of the judged arms that can be paired with ``each``."""
    paired = rows[(rows["baseline"] == "each") & (rows["scope"] == TASK) & rows["gain"].notna()]
    return max(1, len(paired[["arm", "task"]].drop_duplicates()))


def _phases(
    table: pd.DataFrame, pair: Comparison, common: Setting, trained: set[str]
) -> list[tuple[str, pd.DataFrame]]:
    """Return phase and gains of verdict seeds if the baseline was ``trained`` on them, else of confirm seeds."""
    for phase in ("verdict",) if pair.trained <= trained else ("verdict", "confirm"):  # confirm seeds chose the arm
        gains = differences(table, pair.left, pair.right, phase, common)
        paired = gains[(gains["scope"] == TASK) & gains["gain"].notna()]
        tasks = paired["task"].nunique()
        if tasks and (isinstance(pair.right, str) or tasks == len(pair.right)):
            return [(phase, gains)]
    return []


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per judged arm, baseline and task (and the mean over tasks): gain, intervals, verdict."""
    keys = [*FACTS, *JUDGED]
    found = list(groups(scores, [*keys, IMPORTANCE] if IMPORTANCE in scores else keys))
    rows: list[dict[str, Any]] = [{}] * len(found)
    for places in _families([facts for facts, _ in found]):
        band, level_divisor = float(found[places[0]][0]["band"]), int(found[places[0]][0]["level_divisor"])
        judgements = judged_together([found[place][1] for place in places], band, level_divisor)
        for place, judgement in zip(places, judgements, strict=True):
            rows[place] = _row(*found[place], judgement)
    return judge(with_delta_m(with_harm_and_pooling(pd.DataFrame(rows), [group for _, group in found])))


def _families(comparisons: list[dict[str, Any]]) -> list[list[int]]:
    """Places of the comparisons that are judged together: all tasks, or the means, of all arms against a baseline."""
    families: dict[tuple[str, str], list[int]] = {}
    for place, facts in enumerate(comparisons):
        families.setdefault((facts["baseline"], facts["scope"]), []).append(place)
    return list(families.values())


def _row(facts: dict[str, Any], group: pd.DataFrame, judgement: Judged) -> dict[str, Any]:
    gain = judgement.gain
    return (
        facts
        | gain_columns(gain)
        | {
            "word": judgement.word,
            "remedy": REMEDIES.get(judgement.shortage) or remedy(gain, facts["band"]),
            "more_seeds": np.nan if judgement.shortage else more_seeds(gain, facts["band"]),
            "shortage": judgement.shortage,
            "edge": judgement.edge,
            "percent_gain": percent_gain(group),
            "per_seed": tuple(float(value) for value in group["gain"]),
        }
    )


def title(rows: pd.DataFrame) -> str:
    """Return a sentence: which tasks are helped, which are hurt, and by how much."""
    parts = []
    for role in (CHOSEN, REFERENCE, CANDIDATE, ADDED):
        for _, judged in verdicts(rows, role).groupby("arm", sort=False):
            found = _finding(judged)
            if found:
                parts.append(f"{_subject(judged, role)} {found}")
    sentence = "; ".join(parts)
    return sentence[:1].upper() + sentence[1:] if parts else "Gain over tuned single-task networks, in points of skill"


def _subject(rows: pd.DataFrame, role: str) -> str:
    """What the title says of a judged arm: how the chosen one shares, and of the others what they are."""
    first, alone = rows.iloc[0], list(rows.loc[rows["alone"], "task"])
    apart = f", {listing(alone, limit=2)} alone," if alone else ""
    way = way_to_share(first["sharing"], first["depth"], first["stages"])
    names = {REFERENCE: "the reference", CANDIDATE: "the candidate", ADDED: f"{way}, added later,"}
    return names.get(role, way) + apart


def _finding(rows: pd.DataFrame) -> str:
    phrases = []
    helped, hurt = rows[rows["word"] == HELPED_BY_SHARING], rows[rows["word"] == HURT_BY_SHARING]
    if len(helped):
        phrases.append(f"helps {_each(helped)}")
    if len(hurt):
        phrases.append(f"hurts {_each(hurt)}")
    if not phrases and len(rows) and (rows["word"] == TIE).all():
        phrases.append("makes no practical difference to any task")
    return " and ".join(phrases)


def _each(rows: pd.DataFrame) -> str:
    if len(rows) > 3:
        return f"{len(rows)} tasks (by {points(rows['gain'].abs().min(), sign=False)} to " + (
            f"{points(rows['gain'].abs().max(), sign=False)} points)"
        )
    return listing([f"{row.task} ({points(row.gain)})" for row in each(rows)])


def caption(rows: pd.DataFrame) -> str:
    """Return what is drawn, its units, n, intervals and selection rule."""
    judged = rows[(rows["baseline"] == "each") & (rows["scope"] == TASK)]
    judged = rows if judged.empty else judged  # single-task networks judged alone have no other baseline than best
    level = f"{100 * ALPHA / rows['level_divisor'].iloc[0]:.3g}%"
    bars = (
        f"thick: {level_of(rows)} interval; thin: simultaneous interval for {rows['family'].iloc[0]} verdicts "
        f"(family-wise error {level}, largest error resampled jointly); both from seeds and test examples (Student's "
        "t, Welch–Satterthwaite, corrected for skewness); words after a step-down"
    )
    if judged["n"].max() < MIN_SEEDS:
        bars = f"no intervals below {MIN_SEEDS} seeds"
    others = [f"{name} ({MEANING[name]})" for name in MARKS if name in set(rows["baseline"])]
    confirm = sorted(set(rows.loc[rows["phase"] == "confirm", "baseline"]))
    parts = [
        "Gain in test skill over tuned single-task networks of the same width, in points (100 = from the best constant",
        f"prediction to a perfect one); n = {count_range(judged['n'])} fresh seeds, paired; small dots: seeds; {bars}.",
        f"Grey band: no practical difference (±{rows['band'].iloc[0]:g}).",
        "Thin black: gains drawn towards each other as far as their errors suggest that they are alike (95% interval)."
        if rows["pooled_gain"].notna().any()
        else "",
        f"Small grey marks: other baselines – {', '.join(others)}." if others else "",
        f"Against {listing(confirm)} the seeds of the confirm phase are used." if confirm else "",
        "Hyperparameters and epochs were selected on validation skill; the arm was chosen on other seeds.",
        style.unprintable(rows["task"]),
    ]
    return " ".join(part for part in parts if part)


def words(rows: pd.DataFrame) -> list[str]:
    """Return a line per judged arm and task: its gain over single-task networks, and the verdict."""
    against = rows[rows["baseline"] == "each"]
    shown = (rows if against.empty else against).sort_values(["role", "order"], kind="stable")
    return [
        f"{row.role} arm, {name_of_row(row.scope, row.task, rows)}: {with_interval(row.gain, row.low, row.high)}"
        + (f", {shown_word(row)}" if row.word else "")
        for row in each(shown)
    ]


def figure(rows: pd.DataFrame) -> Figure:
    """Draw the forest plot of all judged arms."""
    return forest.draw(rows, title(rows))
