"""What is true of the studies that the tests of this folder judge, and tables of verdicts written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.records.schema import TRAINING, Records
from analysis.statistics.paired_gains import TASK
from analysis.statistics.verdicts import CHOSEN
from tests.analysis.synthetic import Truth

SEEDS = {"search": 1, "confirm": 3, "verdict": 10}
SHARP = {"seed_noise": 0.4, "test_noise": 2.0, "stages": 2, "draws": 2, "epochs": 16, "widths": (16,), "seeds": SEEDS}
FULL = "hard d2 w16 l2 equal adamw"
HALF = "hard d1 w16 l2 equal adamw"
NOTHING = "single_task w16 l2 adamw"
GOOD = Truth(effects={"left": 6.0, "right": 5.0}, chosen=FULL, **SHARP)
ODD = Truth(effects={"left": 6.0, "right": 0.0, "odd": -9.0}, chosen=FULL, **SHARP)


def judged(*words: tuple[str, str], role: str = CHOSEN, arm: str = FULL, **columns: Any) -> pd.DataFrame:
    """A table of the transfer question: the task and word of each row against ``each``, in the order of the tasks."""
    facts: dict[str, Any] = {
        "arm": arm, "role": role, "baseline": "each", "scope": TASK,
        "sharing": "hard", "depth": 2.0, "stages": 2, "width": 16, "weighting": "equal",
        "gain": 2.0, "half_width": 0.5, "low": 1.5, "high": 2.5, "half_simultaneous": 0.75, "low_simultaneous": 1.25,
        "high_simultaneous": 2.75, "band": 1.0, "n": 10, "seed_sd": 1.0, "test_error": 0.1, "remedy": "",
        "contradicts": False, "edge": 1.25, "alone": False,
    }  # fmt: skip
    rows = [{"task": task, "word": word, "order": order} for order, (task, word) in enumerate(words)]
    return pd.DataFrame(rows).assign(**facts | columns)


def study_of(tasks: list[str], replicas: list[dict[str, Any]], **content: Any) -> Records:
    """Records that hold no more than a decision looks at: training rows, and names of tasks."""
    nothing: dict[str, Any] = {"spec": {}, "manifest": {}, "ledger": [], "test_groups": None, "scores": pd.DataFrame()}
    names = pd.DataFrame({"task": tasks})
    table = pd.DataFrame(replicas).reindex(columns=list(TRAINING))
    return Records(replicas=table, tasks=names, path=Path("run"), **nothing | content)


def arm(label: str, sharing: str = "hard", **columns: Any) -> dict[str, Any]:
    """The factors of an arm, as its training rows have them."""
    depth = np.nan if sharing in ("single_task", "mmoe") else 2.0
    return {"arm": label, "sharing": sharing, "depth": depth, "stages": 2, "width": 16, "weighting": "equal"} | columns
