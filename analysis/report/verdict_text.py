"""The verdict of a study as text, for terminals and programs."""

from __future__ import annotations

from pathlib import Path

from analysis.records.load import load
from analysis.records.study_state import state_of
from analysis.report.sections.advice import advice


def verdict_words(path: Path) -> list[str]:
    """The headline and the sentences with which the report of the run directory ``path`` opens."""
    records = load(path)
    said = advice(records, state_of(records))
    return [said.headline, *said.sentences]
