"""Lengths of time as people write them, such as ``1h30m``."""

from __future__ import annotations

import math
import re

UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def seconds_of(text: str) -> float:
    """Return the seconds of ``45s``, ``90m``, ``2h``, ``1h30m`` or ``90`` (seconds); NaN when it is none of these."""
    parts = re.fullmatch(r"\s*((?:\d+(?:\.\d+)?\s*[dhms]\s*)+|\d+(?:\.\d+)?)\s*", text, re.ASCII)
    if not parts or len(text) > 40:
        return math.nan
    found = re.findall(r"(\d+(?:\.\d+)?)\s*([dhms]?)", parts[1])
    return sum(float(number) * UNITS[unit or "s"] for number, unit in found)


def duration(seconds: float) -> str:
    """Return ``seconds`` as text in the two largest units: ``8s``, ``3m 20s``, ``2h 05m``, ``3d 04h``."""
    whole = max(0, round(seconds))
    for (large, size), (small, part) in zip(list(UNITS.items())[:-1], list(UNITS.items())[1:], strict=True):
        if whole >= size:
            return f"{whole // size}{large} {whole % size // part:02d}{small}"
    return f"{whole}s"
