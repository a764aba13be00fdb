"""A table with a planted structure: two pairs of equal tasks, each pair on its own half of the columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from study.config.spec import Spec

PAIRS = (("low", "lower"), ("high", "higher"))
TREE = [[["y_low", "y_lower", "y_high", "y_higher"]], [["y_low", "y_lower"], ["y_high", "y_higher"]]]
"""What 1.5 groups per stage come to."""


def write_table(folder: Path, rows: int = 400) -> Path:
    """``pairs.csv`` in ``folder``."""
    numbers = np.random.default_rng(3)
    inputs = numbers.standard_normal((rows, 8))
    columns = {f"x{place}": inputs[:, place] for place in range(8)}
    for half, pair in enumerate(PAIRS):
        target = np.tanh(inputs[:, 4 * half : 4 * half + 4] @ numbers.standard_normal((4, 6))).sum(axis=1)
        columns |= {f"y_{task}": target for task in pair}
    path = folder / "pairs.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def planted(folder: Path, **changes: Any) -> Spec:
    """A small study of that table whose tree affinity decides."""
    parts: dict[str, Any] = {
        "name": "planted",
        "tasks": {"set": "table", "path": str(write_table(folder)), "targets": ["y_*"]},
        "factors": {"sharing": ["branch"], "stages": [2], "width": [16], "weighting": ["equal"]},
        "tuning": {"draws": 2},
        "training": {
            "epochs": 20,
            "batch_size": 64,
            "sharing_options": {"branch": {"tree": {"affinity": {"groups": 1.5}}}},
        },
        "search": {"seeds": 1, "rungs": [0.5]},
        "confirm": {"seeds": 2},
        "verdict": {"seeds": 2, "judge": []},
        "backend": "inline",
    }
    return Spec.model_validate(parts | changes)
