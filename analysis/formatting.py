"""Numbers and lists as the report writes them."""

from __future__ import annotations

import math
from collections.abc import Sequence

MINUS = "\N{MINUS SIGN}"

LONG = 6
"""Of more tasks than this a sentence gives the number; the page has the names."""


def points(value: float, *, sign: bool = True, digits: int = 1) -> str:
    """Format a number of points, as in ``+4.1``; ``–`` where there is none."""
    if not math.isfinite(value):
        return "–"
    shown = f"{abs(value):.{digits}f}"
    zero = float(shown) == 0
    lead = "" if zero else MINUS if value < 0 else "+" if sign else ""
    return lead + shown


def interval(low: float, high: float) -> str:
    """Format an interval as ``[1.2, 3.4]``; empty where there is no interval."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"[{points(low, sign=False)}, {points(high, sign=False)}]"


def listing(names: Sequence[str], *, limit: int = 3, noun: str = "tasks") -> str:
    """Join names as ``A, B and C``, or as ``7 tasks`` where that would be long."""
    if len(names) > limit:
        return f"{len(names)} {noun}"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def tree_words(tree: Sequence[Sequence[Sequence[str]]]) -> list[str]:
    """Format the groups of every stage of a task tree, as ``a, b | c``."""
    return [" | ".join(", ".join(group) for group in groups) for groups in tree]


def named(names: Sequence[str]) -> str:
    """Join names as :func:`listing` does, with up to ``LONG`` of them by name; for the sentences of a verdict."""
    return listing(names, limit=LONG)


def agree(count: int, one: str, many: str) -> str:
    """Return ``one`` or ``many``, the form of a verb or noun for ``count``."""
    return one if count == 1 else many


def shared_stages(sharing: str, depth: float, stages: int) -> str:
    """Return what an arm shares, in words."""
    if sharing == "single_task":
        return "single-task networks"
    if sharing == "independent" or depth == 0:
        return "nothing shared, one loop"
    if math.isnan(depth):
        return f"shared by {sharing}"
    return f"{depth:.0f} of {stages} stages shared" + ("" if sharing == "hard" else f" by {sharing}")


def amount(value: float) -> str:
    """Format a count with a readable unit, as in ``12.3k``."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:.3g}"
