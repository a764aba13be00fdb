"""What a budget has taken from a study: before anything trained, and on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analysis.records.study_state import LoadedStudy
from analysis.report.sections.alert import Alert


def budget_alerts(study: LoadedStudy) -> Iterator[Alert]:
    """Yield what the plan lost to the budget, and what was decided by what was left of it."""
    for text in study.state.planned.get("shrunk", []):
        yield Alert("Plan cut to the budget", f"{str(text).rstrip('.')}.", "number")
    for event in study.records.events("fitted"):
        for text in _cuts(event):
            yield Alert("Cut to the budget on the way", f"{text}, since less was left of it than planned.", "number")


def _cuts(event: dict[str, Any]) -> Iterator[str]:
    """What one decision has taken; the first seeds of a verdict, which show its pace, decide nothing."""
    if "trials" in event:
        yield f"the search stopped after {event['trials']} trials"
    elif event["seeds"] < event["planned"] and not event.get("provisional"):
        yield f"{event['phase']}.seeds: {event['seeds']} instead of {event['planned']}"
    if event.get("arms") != event.get("planned_arms"):
        yield f"{event['phase']}.arms: {event['arms']} instead of {event['planned_arms']}"
