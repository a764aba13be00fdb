"""What is decided: share, do not share, share some, no difference found, or a candidate that no run has checked."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.formatting import named
from analysis.recommendation.option import GAINED, Option
from analysis.recommendation.options import options
from analysis.recommendation.preference import BALANCED, best_that_shares, choose
from analysis.records.run_command import run_path
from analysis.records.schema import Records
from analysis.records.unshared import UNSHARED
from analysis.statistics.verdicts import CHOSEN, HURT, HURT_BY_SHARING

SHARE, DO_NOT_SHARE, SHARE_SOME = "share", "do not share", "share some"
NO_DIFFERENCE, CANDIDATE, OPEN = "no difference found", "candidate", "no verdict yet"


@dataclass(frozen=True)
class Decision:
    """What to do.

    Args:
        word: ``share``, ``do not share``, ``share some`` (a candidate that was checked), ``no difference found`` or
            ``candidate`` (one that was not).
        arm: the factors of the arm that the word is about; of the chosen one where nothing that shares was judged.
        alone: tasks that an unchecked candidate would train alone; empty where there is none.
        chosen: the factors of the arm that was chosen on validation.
        about: the judged arm that shares and that the word is about; ``None``: none was judged.
        choice: the option that the preference takes; ``None`` where there is no option.
        options: all of them.
        prefer: the preference whose rule was used.
    """

    word: str
    arm: pd.Series
    alone: list[str] = field(default_factory=list)
    chosen: pd.Series | None = None
    about: Option | None = None
    choice: Option | None = None
    options: list[Option] = field(default_factory=list)
    prefer: str = BALANCED

    @property
    def judged(self) -> bool:
        """Whether an arm that trains tasks together was compared with single-task networks."""
        return self.about is not None


def decide(records: Records, rows: pd.DataFrame, chosen: pd.Series, prefer: str = BALANCED) -> Decision:
    """Return the decision.

    "Do not share" is said only where every judged arm that shares is shown to do harm, or clearly likelier does harm
    than good.  That single-task networks won on validation does not make it: then the reference is judged.  Where
    harm is shown on some tasks and at least two are left, there is a candidate, unless one was checked already: share
    the rest.  Beside a chosen arm that shares nothing it needs a task that gains.

    Args:
        records: of the study.
        rows: the table of the transfer question.
        chosen: factors of the arm that was chosen on validation.
        prefer: the preference, whose rule stands in :data:`analysis.recommendation.preference.RULES`.
    """
    found = options(records, rows)
    about, choice = best_that_shares(found), choose(found, prefer)
    common: dict[str, Any] = {"chosen": chosen, "choice": choice, "options": found, "prefer": prefer}
    if about is None:
        return Decision(NO_DIFFERENCE, chosen, **common)
    if choice is not None and choice.shares:
        return Decision(_word_for(choice), choice.facts, about=choice, **common)
    if not about.harm:
        word = DO_NOT_SHARE if about.benefit else NO_DIFFERENCE
        return Decision(word, about.facts, about=about, **common)
    alone = [] if any(option.is_candidate for option in found) else _candidate(about)
    word = CANDIDATE if alone and chosen["sharing"] not in UNSHARED else DO_NOT_SHARE
    return Decision(word, about.facts, alone, about=about, **common)


def _word_for(choice: Option) -> str:
    if not choice.benefit and not choice.harm:
        return NO_DIFFERENCE
    return SHARE_SOME if choice.is_candidate else SHARE


def _candidate(about: Option) -> list[str]:
    """Tasks that a candidate would train alone."""
    by_sharing = about.with_word(HURT_BY_SHARING)
    hurt = about.with_word(HURT_BY_SHARING, HURT)  # those of unknown cause stay alone, too
    wanted = about.kind == CHOSEN or about.with_word(*GAINED)
    return hurt if by_sharing and wanted and len(about.tasks) - len(hurt) >= 2 else []


def factors(records: Records, arm: str) -> pd.Series:
    """Return a training record of an arm; its factor columns describe the arm."""
    return records.replicas[records.replicas["arm"] == arm].iloc[0]


def check(records: Records, alone: list[str]) -> tuple[str, str]:
    """Return how to check a candidate, in words and as a command; the command is empty where none can do it.

    It is added to the study where the chosen arm shares, to be judged on fresh seeds against the same baselines; else
    the same study is run without the tasks.
    """
    if _can_leave_out(records) and all(name.isprintable() for name in alone):
        step = f"Check the candidate: have the chosen arm judged without {named(alone)}, on fresh seeds."
        tasks = " ".join(f"--without {shlex.quote(name)}" for name in alone)
        return step, f"mtl-study extend {quoted(records)} {tasks}"
    tasks = records.spec.get("tasks", {})
    rows = "the rows of " if tasks.get("task") else ""
    step = f"Check the candidate: run the same study without {rows}{named(alone)}."
    if not all(name.isprintable() and _is_column(name, tasks) for name in alone):
        return step, ""
    left_out = [*tasks.get("ignore", ()), *alone]  # a column's own name is no pattern
    override = f"tasks.ignore={json.dumps(left_out, ensure_ascii=False)}"
    return step, (
        f"mtl-study run {quoted(records, 'study.yaml')} --set {shlex.quote(override)} "
        f"--out {shlex.quote(f'{Path(run_path(records))}-candidate')}"
    )


def _is_column(task: str, tasks: Mapping[str, Any]) -> bool:
    """Whether a task is a target column of a table, which can be ignored.

    Tasks of a column of tasks, files of a folder, labels of one cell and vectors have names that no column has.
    """
    if tasks.get("set") != "table" or any(tasks.get(key) for key in ("task", "labels", "vectors")):
        return False
    patterns = (re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".") for pattern in tasks.get("targets", ()))
    return any(re.fullmatch(pattern, task, re.DOTALL) for pattern in patterns)


def _can_leave_out(records: Records) -> bool:
    """Whether the chosen arm shares in a way that does not name its tasks, as trees do."""
    arm = records.chosen_arm
    return bool(arm) and factors(records, str(arm))["sharing"] not in (*UNSHARED, "branch")


def quoted(records: Records, *parts: str) -> str:
    """Return a path in the run directory, as the user named it, quoted for a shell."""
    return shlex.quote(str(Path(run_path(records), *parts)))
