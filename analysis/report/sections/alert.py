"""An alert: one thing to know before believing a number, ordered by what could change because of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from analysis.records.remarks import CONSEQUENCES, Consequence, line_of


@dataclass(frozen=True)
class Alert:
    """One thing to know before believing a number.

    Args:
        about: what it is about; alerts about the same are one line.
        text: the sentence.
        consequence: what could change because of it: the ``verdict``, a ``number``, or nothing (``information``).
        subject: the arm, task or phase that it concerns; empty for the whole study.
    """

    about: str
    text: str
    consequence: Consequence = "information"
    subject: str = ""


def one_line_each(found: Iterable[Alert]) -> list[Alert]:
    """Return one alert for each thing that ``found`` are about: it names their subjects, and has the first's text."""
    groups: dict[str, list[Alert]] = {}
    for alert in found:
        groups.setdefault(alert.about, []).append(alert)
    return [_joined(same) for same in groups.values()]


def by_consequence(found: Iterable[Alert]) -> list[Alert]:
    """Return the alerts with those first that could change most."""
    return sorted(found, key=lambda alert: CONSEQUENCES.index(alert.consequence))


def _joined(same: list[Alert]) -> Alert:
    if len(same) == 1:
        return same[0]
    return replace(same[0], text=line_of([(alert.subject, alert.text) for alert in same]), subject="")
