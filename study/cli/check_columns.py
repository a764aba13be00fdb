"""The columns of a table, as ``check`` prints them: one by one, or those that are alike together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from study.cli.console import say, say_table

if TYPE_CHECKING:
    from mtl_core.data.column_facts import ColumnFacts

MOST_COLUMNS = 30
"""Largest number of columns that are printed one by one unless all are asked for."""
MOST_NAMES = 3
LONGEST_TEXT = 24


def say_columns(columns: Sequence[ColumnFacts], *, every: bool) -> None:
    """Print the facts about ``columns``; of many columns only groups with the same treatment, unless ``every``."""
    if not columns:
        return
    say("")
    if every or len(columns) <= MOST_COLUMNS:
        headings = ("column", "role", "kind", "missing", "values", "what was done")
        say_table(headings, map(_row, columns))
    else:
        say_table(("columns", "role", "kind", "missing", "what was done"), _groups(columns))
        say("  --columns shows all columns one by one.")


def _row(facts: ColumnFacts) -> tuple[str, ...]:
    return (_cut(facts.name), facts.role, _kind(facts), f"{facts.missing:,}", _values(facts), facts.treatment)


def _groups(columns: Sequence[ColumnFacts]) -> list[tuple[str, ...]]:
    """Return one row for the columns of the same role, kind and treatment, the largest group first."""
    alike: dict[tuple[str, str, str], list[ColumnFacts]] = {}
    for facts in columns:
        alike.setdefault((facts.role, facts.kind, facts.treatment), []).append(facts)
    rows = []
    for (role, kind, done), group in sorted(alike.items(), key=lambda pair: -len(pair[1])):
        names = ", ".join(_cut(facts.name) for facts in group[:MOST_NAMES])
        more = f" and {len(group) - MOST_NAMES:,} more" if len(group) > MOST_NAMES else ""
        missing = sorted({facts.missing for facts in group})
        span = f"{missing[0]:,}" if len(missing) == 1 else f"{missing[0]:,} to {missing[-1]:,}"
        rows.append((f"{len(group):,}: {names}{more}", role, kind, span, done))
    return rows


def _kind(facts: ColumnFacts) -> str:
    why = facts.why.removeprefix("stored as ").split(" (")[0]
    return f"{facts.kind}, {why}"


def _values(facts: ColumnFacts) -> str:
    """Return the number of different values, and their range or the most frequent ones with their counts."""
    if facts.distinct is None:
        return "nested"
    if facts.smallest is not None:
        return f"{facts.distinct:,} distinct, {_short(facts.smallest)} to {_short(facts.largest)}"
    if facts.common and facts.common[0][1] == 1:
        return f"{facts.distinct:,} distinct, such as {_cut(facts.common[0][0])}"
    common = ", ".join(f"{_cut(text)} ({count:,})" for text, count in facts.common)
    more = ", …" if facts.distinct > len(facts.common) > 0 else ""
    return f"{facts.distinct:,} distinct{': ' * bool(common)}{common}{more}"


def _short(value: float | str | None) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value).removesuffix(" 00:00:00")


def _cut(text: str) -> str:
    text = text or "''"
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
