"""Numbers and lists of names as text, as the report writes them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line formats numbers long before it needs a data frame
    import pandas as pd

MINUS = "\N{MINUS SIGN}"

LARGEST_WRITTEN_OUT = 1e6
"""Points beyond it are written like 5.0e14."""

LONG = 6
"""Most names in a sentence of the verdict; of more it gives the number, and the page has the names."""


def points(value: float, *, sign: bool = True, digits: int = 1) -> str:
    """Return a number of points as text, as in ``+4.1``; ``–`` where there is none."""
    if not math.isfinite(value):
        return "–"
    shown = f"{abs(value):.{digits}f}" if abs(value) < LARGEST_WRITTEN_OUT else f"{abs(value):.1e}".replace("e+", "e")
    zero = float(shown) == 0
    lead = "" if zero else MINUS if value < 0 else "+" if sign else ""
    return lead + shown


def interval(low: float, high: float) -> str:
    """Return an interval as text, as in ``[1.2, 3.4]``; empty where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"[{points(low, sign=False)}, {points(high, sign=False)}]"


def with_interval(value: float, low: float, high: float) -> str:
    """Return a number of points with its interval, as in ``+4.1 [1.2, 3.4]``."""
    return f"{points(value)} {interval(low, high)}".strip()


def with_half(value: float, half: float, *, sign: bool = True, digits: int = 1) -> str:
    """Return a number with half the width of its interval, as in ``+4.1 ± 0.3``; alone where there is no interval."""
    shown = points(value, sign=sign, digits=digits)
    return f"{shown} ± {points(half, sign=False, digits=digits)}" if math.isfinite(half) else shown


def listing(names: Sequence[str], *, limit: int = 3, noun: str = "tasks") -> str:
    """Return names as in ``A, B and C``; of more than ``limit`` their number, as in ``7 tasks``."""
    if len(names) > limit:
        return f"{len(names)} {noun}"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def tree_words(tree: Sequence[Sequence[Sequence[str]]]) -> list[str]:
    """Return the groups of every stage of a task tree, each as in ``a, b | c``."""
    return [" | ".join(", ".join(group) for group in groups) for groups in tree]


def named(names: Sequence[str]) -> str:
    """Return a listing for the sentences of the verdict, where names count for more than brevity."""
    return listing(names, limit=LONG)


def count_range(counts: Iterable[int]) -> str:
    """Return the smallest and the largest positive count as in ``5 to 8``; one number where they are equal or none."""
    found = sorted({int(count) for count in counts if count > 0}) or [0]
    return f"{found[0]}" if len(found) == 1 else f"{found[0]} to {found[-1]}"


def agree(count: float, one: str, many: str) -> str:
    """Return the form of a verb or noun for ``count``: ``one`` for 1, else ``many``."""
    return one if count == 1 else many


def number_of(count: float | None, noun: str) -> str:
    """Return a count with its noun, as in ``1 arm`` or ``1,248 replicas``; ``? arms`` for a count that is not known."""
    return f"? {noun}s" if count is None else f"{count:,} {agree(count, noun, f'{noun}s')}"


def all_of(others: int) -> str:
    """Return all the others as text, as in ``all 3 others``; ``the other`` for one."""
    return "the other" if others == 1 else f"all {others} others"


def shared_stages(sharing: str, depth: float, stages: int) -> str:
    """Return what an arm shares as text, as in ``1 of 2 stages shared``.

    Args:
        sharing: name of the sharing architecture.
        depth: number of shared stages; NaN where the architecture has none.
        stages: number of stages.
    """
    if sharing == "single_task":
        return "single-task networks"
    if sharing == "independent" or depth == 0:
        return "nothing shared, one loop"
    if math.isnan(depth):
        return f"shared by {sharing}"
    return f"{depth:.0f} of {stages} stages shared{_by(sharing)}"


def judged_arm(rows: pd.DataFrame) -> str:
    """Return the judged arm of rows of the verdict question, as :func:`arm_in_words` does."""
    return arm_in_words(rows.iloc[0], list(dict.fromkeys(rows.loc[rows["alone"], "task"])))


def arm_in_words(facts: pd.Series, alone: Sequence[str], *, limit: int = 2) -> str:
    """Return an arm as text, as in ``1 of 2 stages shared, width 16, uncertainty; odd alone``.

    Args:
        facts: its factor levels.
        alone: tasks that it leaves to train alone.
        limit: more of them are counted and not named.
    """
    shares = shared_stages(facts["sharing"], facts["depth"], int(facts["stages"]))
    method = "" if facts["weighting"] == "equal" else f", {facts['weighting']}"
    apart = f"; {listing(alone, limit=limit)} alone" if alone else ""
    return f"{shares}, width {facts['width']}{method}{apart}"


def way_to_share(sharing: str, depth: float, stages: int) -> str:
    """Return how an arm shares as the subject of a sentence, as in ``sharing 1 of 2 stages``.

    Args:
        sharing: name of the sharing architecture.
        depth: number of shared stages; NaN where the architecture has none.
        stages: number of stages.
    """
    if sharing == "independent" or depth == 0:
        return "one loop without sharing"
    if math.isnan(depth):
        return f"sharing by {sharing}"
    return ("full sharing" if depth == stages else f"sharing {depth:.0f} of {stages} stages") + _by(sharing)


def _by(sharing: str) -> str:
    """The way to share, which goes without saying where tasks have the same layers."""
    return "" if sharing == "hard" else f" by {sharing}"


def amount(value: float) -> str:
    """Return a count with a readable unit, as in ``12.3k``."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:.3g}"
