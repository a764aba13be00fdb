"""What is decided: share, do not share, or a candidate that no run has checked yet."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analysis.formatting import named
from analysis.records.run_command import run_path
from analysis.records.schema import Records
from analysis.statistics.verdicts import (
    HELPED,
    HELPED_BY_SHARING,
    HURT,
    HURT_BY_SHARING,
    RECOMMENDED,
    REFERENCE,
    TRAINED_TOGETHER,
    verdicts,
    with_word,
)

SHARE, DO_NOT_SHARE, CANDIDATE, OPEN = "share", "do not share", "candidate", "no verdict yet"
UNSHARED = ("single_task", "independent")
GAINED = (HELPED_BY_SHARING, HELPED, TRAINED_TOGETHER)
"""Words of a task that is better off with the arm than alone, whatever the reason."""


@dataclass(frozen=True)
class Decision:
    """What to do.

    Args:
        word: ``share``, ``do not share`` or ``candidate``.
        arm: the factors of the arm that the word is about: the chosen one, or the reference that shares everything
            where that one is the candidate's.
        alone: tasks that a candidate would train alone; empty where there is no candidate.
        judged: whether the verdict phase compared a network that trains tasks together with single-task networks.
    """

    word: str
    arm: pd.Series
    alone: list[str] = field(default_factory=list)
    judged: bool = True


def decide(records: Records, rows: pd.DataFrame, chosen: pd.Series) -> Decision:
    """Return the decision, from the table of the transfer question and the factors of the chosen arm.

    Sharing is recommended only if no task is hurt by it.  Where at least two tasks are left without the hurt ones,
    there is a candidate: share the rest.  It keeps its word ``do not share`` if the chosen arm shares nothing and only
    the reference names a task that gains.
    """
    if chosen["sharing"] in UNSHARED:
        return _against_the_reference(records, verdicts(rows, REFERENCE), chosen)
    hurt = list(with_word(verdicts(rows, RECOMMENDED), HURT_BY_SHARING)["task"])
    if not hurt:
        return Decision(SHARE, chosen)
    return Decision(CANDIDATE, chosen, hurt) if len(records.tasks) - len(hurt) >= 2 else Decision(DO_NOT_SHARE, chosen)


def _against_the_reference(records: Records, judged: pd.DataFrame, chosen: pd.Series) -> Decision:
    hurt = judged[judged["word"].isin((HURT_BY_SHARING, HURT))].sort_values("order")
    reason = (hurt["word"] == HURT_BY_SHARING).any() and judged["word"].isin(GAINED).any()
    if not reason or len(judged) - len(hurt) < 2:
        compared = not judged.empty or chosen["sharing"] != "single_task"
        return Decision(DO_NOT_SHARE, chosen, judged=compared)
    return Decision(DO_NOT_SHARE, factors(records, judged["arm"].iloc[0]), list(hurt["task"]))


def factors(records: Records, arm: str) -> pd.Series:
    """Return a training record of an arm; its factor columns describe the arm."""
    return records.replicas[records.replicas["arm"] == arm].iloc[0]


def check(records: Records, alone: list[str]) -> tuple[str, str]:
    """Return how to check a candidate, in words and as a command; the command is empty where none can do it."""
    step = f"Check the candidate: run the same study without {named(alone)}."
    tasks = records.spec.get("tasks", {})
    if tasks.get("set") != "table" or not all(name.isprintable() for name in alone):
        return step, ""
    left_out = [*tasks.get("ignore", ()), *alone]  # a column's own name is no pattern
    override = f"tasks.ignore={json.dumps(left_out, ensure_ascii=False)}"
    return step, (
        f"mtl-study run {quoted(records, 'study.yaml')} --set {shlex.quote(override)} "
        f"--out {shlex.quote(f'{Path(run_path(records))}-candidate')}"
    )


def quoted(records: Records, *parts: str) -> str:
    """Return a path in the run directory, as the user named it, quoted for a shell."""
    return shlex.quote(str(Path(run_path(records), *parts)))
