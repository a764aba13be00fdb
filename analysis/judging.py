"""Verdict words: they stand against ``each`` only, and ``loop`` decides whether sharing is to blame."""

from __future__ import annotations

import pandas as pd

from analysis.gains import LOOP, TASK
from analysis.records.frames import each
from analysis.statistics import HELPED, HURT, TUNED_ALONE, UNDECIDED, attributed

RECOMMENDED, REFERENCE = "recommended", "reference"
"""The two roles of a judged arm: the chosen one, and one that was fixed beforehand."""


def judge(rows: pd.DataFrame) -> pd.DataFrame:
    """Verdict words against ``each`` only; elsewhere whether the baseline contradicts that verdict."""
    words = rows[rows["scope"] == TASK].set_index(["arm", "baseline", "task"])["word"].to_dict()
    opposite = {HELPED: HURT, HURT: HELPED}
    final, contradicts = [], []
    for row in each(rows):
        against_each = words.get((row.arm, "each", row.task), "")
        contradicts.append(row.baseline != "each" and row.word != "" and opposite.get(against_each) == row.word)
        if row.baseline != "each" or row.scope != TASK:
            final.append("")
        elif row.sharing == LOOP and row.word == HURT:
            final.append(TUNED_ALONE)  # nothing is shared, so sharing is not to blame
        else:
            final.append(attributed(row.word, words.get((row.arm, "loop", row.task))))
    rows = rows.assign(word=final, contradicts=contradicts)
    undecided = rows["word"] == UNDECIDED
    return rows.assign(remedy=rows["remedy"].where(undecided, ""), more_seeds=rows["more_seeds"].where(undecided))


def verdicts(rows: pd.DataFrame, role: str) -> pd.DataFrame:
    """The rows of a table that carry verdicts: per task, against ``each``."""
    return rows[(rows["role"] == role) & (rows["baseline"] == "each") & (rows["scope"] == TASK)]


def with_word(rows: pd.DataFrame, word: str) -> pd.DataFrame:
    """Those of the rows that carry one verdict, in the order of the task set."""
    return rows[rows["word"] == word].sort_values("order")
