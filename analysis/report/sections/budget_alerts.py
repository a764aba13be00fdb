"""What a budget has taken from a study: before anything trained, and on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analysis.records.study_state import LoadedStudy
from analysis.report.sections.alert import Alert
from analysis.statistics.strata import in_whole_folds


def budget_alerts(study: LoadedStudy) -> Iterator[Alert]:
    """Yield what the plan lost to the budget, and what was decided by what was left of it."""
    for text in study.state.planned.get("shrunk", []):
        yield Alert("Plan cut to the budget", f"{str(text).rstrip('.')}.", "number")
    for event in study.records.events("fitted"):
        for text in _cuts(event, study.records.num_folds):
            yield Alert("Cut to the budget on the way", f"{text}, since less was left of it than planned.", "number")


def _cuts(event: dict[str, Any], folds: int) -> Iterator[str]:
    """What one decision has taken; the first seeds of a verdict, which show its pace, decide nothing.

    Earlier versions wrote numbers of seeds that with outer folds are not those that were trained.
    """
    if "trials" in event:
        yield f"the search stopped after {event['trials']} trials"
    elif not event.get("provisional"):
        trained, planned = (in_whole_folds(event[name], folds) for name in ("seeds", "planned"))
        if trained < planned:
            yield f"{event['phase']}.seeds: {trained} instead of {planned}"
    if event.get("arms") != event.get("planned_arms"):
        yield f"{event['phase']}.arms: {event['arms']} instead of {event['planned_arms']}"
