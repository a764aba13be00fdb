"""Hand-made training records whose answer is plain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd


def replica(arm: str, seed: int, curves: dict[str, Sequence[float]], **facts: Any) -> list[dict[str, Any]]:
    """The rows of one replica; ``curves``: validation skill by epoch, per task."""
    mean = np.mean(list(curves.values()), axis=0)
    length = len(mean)
    shared = {
        "replica": f"{arm}-{facts.get('draw', 0)}-{seed}-{'+'.join(curves)}",
        "arm": arm,
        "phase": "search",
        "draw": 0,
        "seed": seed,
        "sharing": "hard",
        "status": "finished",
        "epochs": length,
        "selected_epoch": int(np.argmax(mean)) if length else -1,
        "multiply_adds": 100,
        "parameters_total": 100,
    }
    return [shared | {"task": task, "validation_skill": list(curve)} | facts for task, curve in curves.items()]


def frame(*parts: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([row for part in parts for row in part])


def confirm(arm: str, skills: Sequence[float], cost: int, **facts: Any) -> list[dict[str, Any]]:
    facts = {"multiply_adds": cost, "parameters_total": cost, "phase": "confirm"} | facts
    return [row for seed, skill in enumerate(skills) for row in replica(arm, seed, {"a": [skill]}, **facts)]
