"""The work of a study as far as it is known: an upper bound at first, the number itself once the verdict is settled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from study.driver.watching.counts import Work, Workload, work_of_event
from study.driver.watching.pace import Event, Session
from study.protocol.workload import WORKLOAD
from study.store.archive import Entry


def with_known(work: Work, events: Iterable[Event]) -> Work:
    """Return ``work`` with the numbers of replicas that ``events`` of the ledger know exactly."""
    for event in events:
        if event["event"] == WORKLOAD and event["phase"] in work:
            known = _of(work[event["phase"]], event["replicas"], event["expected"])
            work = {**work, event["phase"]: known}
    return work


def with_added(work: Work, events: Sequence[Event], entries: Iterable[Entry], added: float) -> Work:
    """Return the work of a finished study with an addition, which is known once what it trains is in the ledger.

    Args:
        work: of the study.
        events: of the ledger, in order.
        entries: what the records know of the replicas.
        added: number of fresh verdict seeds, as a multiple of those that there were.
    """
    begun = max((place for place, event in enumerate(events) if event["event"] == "addition"), default=-1)
    ended = max((place for place, event in enumerate(events) if event["event"] == "added_to_verdict"), default=-1)
    trained = sum(entry.phase == "verdict" for entry in entries)
    expected = round(trained * (1 + added))
    work = {**work, "verdict": _of(work["verdict"], expected, expected)}
    return with_known(work, events[begun:]) if begun > ended else work


def as_known(work: Work, session: Session, events: Iterable[Event]) -> tuple[Work, Session]:
    """Return the work of a session as ``events`` of it know it, and what the session began with in terms of that."""
    known = with_known(work, events)
    return known, session.scaled(_seconds(known) / max(_seconds(work), 1e-9))


def of_session(events: Sequence[Event]) -> tuple[Work, Session]:
    """Return the same of the ledger's events of a session, of which the first says what was planned."""
    planned = events[0] if events and events[0]["event"] == "planned" else {}
    return as_known(work_of_event(planned), Session.of_event(planned), events)


def _of(bound: Workload, replicas: int, expected: int) -> Workload:
    """The same workload with a number of replicas that is known; its seconds follow from the epochs expected."""
    epochs = expected * bound.epochs
    seconds = bound.seconds * epochs / max(bound.expected or bound.replicas * bound.epochs, 1e-9)
    return replace(bound, replicas=replicas, seconds=seconds, expected=epochs, is_open=expected > replicas)


def _seconds(work: Work) -> float:
    return sum(one.seconds for one in work.values())
