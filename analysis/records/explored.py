"""What a study has explored beside its candidates: arms that had more training, and take part in no choice."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.records.schema import Records

EXPLORED = "explored"
"""The choice under which the ledger holds it."""
EQUAL, SCHEDULED, FIXED = "equal", "scheduled", "fixed"
"""Weighting methods of the arms that are compared there, the first of which is a candidate."""


def explored(records: Records) -> dict[str, Any]:
    """Return what the ledger holds of the exploration: ``arms`` by weighting, ``members``, ``pieces``, ``weights``.

    Empty where the study explores nothing, or has not come so far.
    """
    return records.frozen(EXPLORED) or {}


def explored_arms(records: Records) -> set[str]:
    """Return the labels of arms that are no candidates."""
    return {label for weighting, label in explored(records).get("arms", {}).items() if weighting != EQUAL}


def search_of_compared(replicas: pd.DataFrame, records: Records) -> pd.DataFrame:
    """Return those of ``replicas`` that the search trained of what is compared, without what was explored beside it."""
    return replicas[replicas["phase"].eq("search") & ~replicas["arm"].isin(explored_arms(records))]
