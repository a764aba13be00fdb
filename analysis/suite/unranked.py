"""Why a method has no gain in a study: impossible, not asked for, given up by the search, or lost to failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.records.frames import each
from analysis.records.schema import Records
from analysis.selection.skills import USABLE


def why_missing(records: Records, identity: Mapping[str, Any]) -> str:
    """Return why a method has no gain in a study, in a few words.

    Args:
        records: records of the study.
        identity: the columns that make the method, such as ``sharing``.
    """
    plan = (records.events("planned") or [{}])[-1]
    skipped = [row for row in plan.get("skipped", []) if _is(row, identity)]
    if skipped:
        return f"impossible there ({skipped[0].get('reason', 'no reason given')})"
    if not any(_is(row, identity) for row in plan.get("arms", [])):
        return "not among the levels of that study"
    rows = records.replicas[records.replicas["phase"] == "confirm"]
    own = rows[[_is({name: getattr(row, name) for name in identity}, identity) for row in each(rows)]]
    if own.empty:
        return "not confirmed: the search left it out"
    lost = own[~own["status"].isin(USABLE)]
    if len(lost) == len(own):
        return f"its replicas failed ({lost['reason'].replace('', 'no reason given').mode().iloc[0]})"
    return "not comparable there: of another size, or without a pair on the same seed"


def _is(row: Mapping[str, Any], identity: Mapping[str, Any]) -> bool:
    """Whether a row has the levels of a method; absent and missing levels are equal."""
    pairs = ((row.get(name), level) for name, level in identity.items())
    return all((pd.isna(there) and pd.isna(level)) or there == level for there, level in pairs)
