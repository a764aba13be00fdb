"""The page's opening where networks diverged and so nothing can be said about sharing."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.formatting import agree, listing
from analysis.questions import divergence
from analysis.questions.divergence import rates_tried
from analysis.recommendation.decision import quoted
from analysis.records.run_command import run_path
from analysis.records.schema import Records
from analysis.records.study_state import State, state_of
from analysis.records.unshared import SINGLE_TASK, UNSHARED

HIGHEST, DECADES = 1e-2, 100
"""Highest learning rate that is ever advised, and the ratio of the ends of an advised range."""

NOTHING = "nothing can be said about sharing."
ENDED = {
    "search": f"No network trained to its end: {NOTHING}",
    "confirm": f"No network trained to its end on the fresh seeds: {NOTHING}",
    "verdict": f"The chosen network did not train to its end on the verdict seeds: {NOTHING}",
}
"""Headline by the phase in which a study ended."""


@dataclass(frozen=True)
class NoAnswer:
    """What the page says instead of a verdict: headline, what diverged, and the remedy in words and as a command."""

    headline: str
    explanation: str
    step: str
    command: str


def no_answer(records: Records) -> NoAnswer | None:
    """Return what to say where divergence has left nothing to compare; ``None`` where it has not."""
    state, lost = state_of(records), divergence.score(records)
    if lost.empty or (state.ended is None and state.phase is not None):
        return None
    rows = divergence.table(lost)
    headline = _headline(records, state, rows)
    if not headline:
        return None
    rates = advised_rates(rows)
    line = f"tuning: {{learning_rate: {{log_uniform: {rates}}}}}"
    step = (
        f"Lower the learning rates; in the study file: {line}. If networks diverge again, look at the data: "
        "mtl-study check lists the range of every column."
    )
    return NoAnswer(headline, _explanation(rows), step, _command(records, rates))


def _headline(records: Records, state: State, rows: pd.DataFrame) -> str:
    """Return the headline; empty where what is left can be compared."""
    searched = records.replicas[records.replicas["phase"] == "search"].drop_duplicates("arm").set_index("arm")
    left = set(records.frozen("draws") or {})
    sharing = [arm for arm, name in searched["sharing"].items() if name not in UNSHARED]
    if left and sharing and not left.intersection(sharing):
        return f"No network that shares trained to its end: {NOTHING}"
    if state.ended is not None:
        partly = ((records.replicas["phase"] == state.ended) & (records.replicas["status"] == "finished")).any()
        return f"No arm trained to its end on every task: {NOTHING}" if partly else ENDED[state.ended]
    chosen = state.chosen or ""
    if chosen not in searched.index:
        return ""
    each = state.baselines.get(chosen, {}).get("each")
    tasks_lost = rows.loc[(rows["arm"] == each) & (rows["phase"] == "verdict"), "task"].nunique()
    if each is not None and tasks_lost < len(records.tasks):
        return ""
    width = searched.loc[chosen, "capacity"]
    same = searched.index[(searched["sharing"] == SINGLE_TASK) & (searched["width"] == width)]
    if searched.loc[chosen, "sharing"] == SINGLE_TASK or not set(same) & set(rows["arm"]):
        return ""
    return f"No single-task network of width {width} trained to its end on every task: {NOTHING}"


def _explanation(rows: pd.DataFrame) -> str:
    """Return what diverged: how many networks and replicas, when, and at which learning rates."""
    parts = []
    for phase, lost in rows.groupby("phase", sort=False):
        networks, replicas = int(lost["networks"].iloc[0]), int(lost["replicas"].sum())
        first, last = lost["first_epoch"].min(), lost["last_epoch"].max()
        epochs = f"in epoch {first}" if first == last else f"in epochs {first} to {last}"
        names = listing([" ".join(filter(None, pair)) for pair in zip(lost["arm"], lost["task"], strict=True)])
        which = f" ({names})" if len(lost) <= 3 else ""
        parts.append(
            f"In the {phase} phase {len(lost)} of {networks} networks{which} diverged at every learning rate tried, "
            f"{rates_tried(lost)}: {int(lost['diverged'].sum())} of their {replicas} "
            f"{agree(replicas, 'replica', 'replicas')}, {epochs}."
        )
    return " ".join(parts)


def advised_rates(rows: pd.DataFrame) -> str:
    """Return a lower range of learning rates as a study file writes it, as in ``[1e-05, 0.001]``."""
    lowest = min((rate for rates in rows["rates"] for rate in rates if rate > 0), default=10 * HIGHEST)
    high = min(lowest / 10, HIGHEST)
    return f"[{high / DECADES:.1g}, {high:.1g}]"


def _command(records: Records, rates: str) -> str:
    override = shlex.quote(f"tuning.learning_rate={{log_uniform: {rates}}}")
    out = shlex.quote(f"{Path(run_path(records))}-lower-rates")
    return f"mtl-study run {quoted(records, 'study.yaml')} --set {override} --out {out}"
