"""A table as the transfer question writes it, for the sections that only read it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from analysis.statistics.paired_gains import TASK
from analysis.statistics.verdicts import HELPED, HURT_BY_SHARING


def judged_tasks(gains: Mapping[str, float], *, n: int = 10, half_width: float = 1.0) -> pd.DataFrame:
    """One judged arm against single-task networks: a row per task, intervals ``gain ± half_width``."""
    rows = [
        {
            "arm": "hard d1 w16", "role": "chosen", "baseline": "each", "scope": TASK, "task": task,
            "order": order, "sharing": "hard", "depth": 1.0, "stages": 2, "width": 16,
            "weighting": "equal", "band": 1.0, "n": n,
            "gain": gain, "low": gain - half_width, "high": gain + half_width,
            "low_simultaneous": gain - 1.5 * half_width, "high_simultaneous": gain + 1.5 * half_width,
            "word": HELPED if gain > 0 else HURT_BY_SHARING, "remedy": "", "alone": False,
        }
        for order, (task, gain) in enumerate(gains.items())
    ]  # fmt: skip
    return pd.DataFrame(rows)


WITHOUT_INTERVALS = math.nan
"""As ``half_width``: the table of a study with too few seeds."""
