"""``list``: prints what the registry holds, one line each, with the paper; the presets; and the records' columns."""

from __future__ import annotations

from typing import Any

from analysis.records.columns_page import column_facts
from analysis.records.schema import RECORD_KINDS
from mtl_core.errors import UserError
from mtl_core.registry import KINDS, Entry, Option, entries
from mtl_core.search_space import LogUniform, Uniform
from study.cli.console import say, say_json, say_table
from study.config import registered_names
from study.config.text import nearest

PRESET, COLUMNS = "presets", "columns"


def list_kind(kind: str, *, as_json: bool) -> None:
    """Print everything of ``kind``: a kind of the registry, ``presets`` or ``columns``.

    Raises:
        UserError: when there is no such kind.
    """
    kinds = (*KINDS, PRESET, COLUMNS)
    if kind not in kinds:
        raise UserError(f"list {kind}", "there is no such kind.", nearest(kind, kinds))
    if kind == COLUMNS:
        _list_columns(as_json=as_json)
        return
    facts = _presets() if kind == PRESET else _entries(kind)
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
    """Return the options of an entry, a tuned one with its range; of a weighting method also what a step costs, and
    whether a GPU asks the host in every step.
    """
    shown = ["depth"] if kind == "sharing" and entry.cls.uses_depth else []
    shown += [f"{option.name} {_range(option)}".strip() for option in entry.options.values()]
    cost = {}
    if kind == "weighting":
        solved = "host" if entry.cls.solves_on_host else "device"
        cost = {"looks at": entry.cls.needs, "passes": _passes(entry), "solved on": solved}
    return cost | {"options": ", ".join(shown) or "–"}


def _passes(entry: Entry) -> str:
    """Return the passes of a step; T backward ones, for T tasks, go through shared stages only."""
    if entry.cls.needs == "losses":
        return "2 forward, 1 back" if entry.cls.observes_step else "1 forward, 1 back"
    batches = getattr(entry.cls, "batches", 1)
    return "1 forward, T back" if batches == 1 else f"{batches} forward, {batches}T back"


def _range(option: Option) -> str:
    """Return the range of a tuned option, and of one that is tuned on request that it is."""
    if isinstance(option.range, Uniform | LogUniform):
        return f"{option.range.low:g}…{option.range.high:g}{' on request' if option.on_request else ''}"
    return "" if option.range is None else "tuned"


def _list_columns(*, as_json: bool) -> None:
    """Print the columns of every kind of records: a table each, or one list that names the kind's directory."""
    if as_json:
        say_json([{"directory": kind, **facts} for kind in RECORD_KINDS for facts in column_facts(kind)])
        return
    for place, (kind, described) in enumerate(RECORD_KINDS.items()):
        facts = column_facts(kind)
        say(*[""][:place], f"{described.heading} ({kind}/): one row per {described.row}")
        say_table(facts[0].keys(), ([value or "–" for value in fact.values()] for fact in facts))


def _presets() -> list[dict[str, Any]]:
    """Return name and head comment of each preset: its question, then its cost and expected result."""
    facts = []
    for name in registered_names.names(PRESET):
        lines = (registered_names.PRESETS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
        comments = [line.lstrip("# ") for line in lines if line.startswith("#")]
        facts.append({"name": name, "question": comments[0], "cost and result": " ".join(filter(None, comments[1:]))})
    return facts
