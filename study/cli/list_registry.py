"""``list``: what exists, one line each, with the paper."""

from __future__ import annotations

from typing import Any

from mtl_core.errors import UserError
from mtl_core.registry import KINDS, Entry, entries
from mtl_core.search_space import LogUniform, Range, Uniform
from study.cli.console import say_json, say_table
from study.config import registered_names
from study.config.text import nearest

PRESET, COLUMN = "presets", "columns"


def list_kind(kind: str, *, as_json: bool) -> None:
    """Print everything of ``kind``: a kind of the registry, ``presets``, or ``columns`` of the records."""
    kinds = (*KINDS, PRESET, COLUMN)
    if kind not in kinds:
        raise UserError(f"list {kind}", "there is no such kind.", nearest(kind, kinds))
    special = {PRESET: _presets, COLUMN: _columns}
    facts = special[kind]() if kind in special else _entries(kind)
    if as_json:
        say_json(facts)
    elif facts:
        say_table(facts[0].keys(), (fact.values() for fact in facts))


def _entries(kind: str) -> list[dict[str, Any]]:
    return [
        {"name": entry.name, "summary": entry.summary, **_options(kind, entry), "paper": entry.paper}
        for entry in entries(kind).values()
    ]


def _options(kind: str, entry: Entry) -> dict[str, str]:
    """Which options an entry has, a tuned one with its range; of a method also its kind, and what a step costs."""
    shown = ["depth"] if kind == "sharing" and entry.cls.uses_depth else []
    shown += [f"{option.name} {_range(option.range)}".strip() for option in entry.options.values()]
    cost = {"looks at": entry.cls.needs, "passes": _passes(entry)} if kind == "weighting" else {}
    return cost | {"options": ", ".join(shown) or "–"}


def _passes(entry: Entry) -> str:
    """Forward and backward passes of a step; the T backward ones, for T tasks, go through shared stages only."""
    if entry.cls.needs == "losses":
        return "2 forward, 1 back" if entry.cls.observes_step else "1 forward, 1 back"
    batches = getattr(entry.cls, "batches", 1)
    return "1 forward, T back" if batches == 1 else f"{batches} forward, {batches}T back"


def _range(range_: Range | None) -> str:
    if isinstance(range_, Uniform | LogUniform):
        return f"{range_.low:g}…{range_.high:g}"
    return "" if range_ is None else "tuned"


def _presets() -> list[dict[str, Any]]:
    """Name and head comment of each preset: its question, then its cost and expected result."""
    facts = []
    for name in registered_names.names(PRESET):
        lines = (registered_names.PRESETS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
        comments = [line.lstrip("# ") for line in lines if line.startswith("#")]
        facts.append({"name": name, "question": comments[0], "cost and result": " ".join(filter(None, comments[1:]))})
    return facts


def _columns() -> list[dict[str, Any]]:
    """Every column of the records by the folder that holds it, with type, unit and meaning."""
    from analysis.records.schema import TABLES

    return [
        {"table": table, "column": name, "type": str(column.type), "unit": column.unit, "meaning": column.meaning}
        for table, columns in TABLES.items()
        for name, column in columns.items()
    ]
