"""The work of a study once the ledger knows how many verdict replicas there are."""

from __future__ import annotations

from typing import Any

import pytest

from study.driver.watching.counts import Workload, count, event_of_work
from study.driver.watching.known_work import as_known, of_session, with_added, with_known
from study.driver.watching.pace import Session, time_left
from study.store.archive import Entry

WORK = {
    "search": Workload(10, 4.0, 50.0, expected=40.0),
    "confirm": Workload(5, 8.0, 30.0, expected=40.0),
    "verdict": Workload(20, 8.0, 20.0, expected=80.0),
}
BEFORE = [Entry("hard", "search", "finished", 4, "", "part")] * 10 + [Entry("a", "confirm", "finished", 8, "", "p")] * 5
JUDGED = Entry("hard", "verdict", "finished", 8, "", "part")


def known(replicas: int, expected: int | None = None) -> dict[str, Any]:
    return {"event": "workload", "phase": "verdict", "replicas": replicas, "expected": expected or replicas}


def test_an_upper_bound_gives_way_to_the_number_itself() -> None:
    counts = count(with_known(WORK, [known(6)]), [*BEFORE, *[JUDGED] * 3])
    assert counts.planned == {"search": 10, "confirm": 5, "verdict": 6}
    seconds = 20.0 * 6 / 10
    assert counts.share == pytest.approx((80 + seconds / 2) / (80 + seconds))
    assert counts.untried == 0, "what is left is known"
    assert count(with_known(WORK, [known(6)]), [*BEFORE, *[JUDGED] * 6]).share == 1


def test_seeds_that_may_come_are_expected_and_open() -> None:
    work = with_known(WORK, [known(3), known(6, 12)])
    counts = count(work, [*BEFORE, *[JUDGED] * 6])
    assert (counts.planned["verdict"], work["verdict"].seconds) == (6, 24.0)
    assert counts.share == pytest.approx((80 + 12) / (80 + 24))
    assert counts.untried == 1


def test_the_pace_of_a_session_is_measured_in_what_is_known() -> None:
    """Half of the search was done before; since then it went as fast as forecast, and so do the six replicas left."""
    began = Session(0.25, 100.0, 0.0)
    work, session = as_known(WORK, began, [known(6)])
    assert session == Session(pytest.approx(25 / 92), pytest.approx(92.0), 0.0)
    left = time_left(session, count(work, BEFORE).share, 55.0, [])
    assert left is not None
    assert left.seconds == pytest.approx(12.0)


def test_a_look_from_outside_reads_the_same_from_the_ledger() -> None:
    planned = {"event": "planned", "work": event_of_work(WORK), "share": 0.25, "forecast": {}}
    assert of_session([planned, known(6)]) == as_known(WORK, Session(0.25, 100.0, 0.0), [known(6)])
    assert of_session([]) == ({}, Session(0.0, 0.0, 0.0))


def test_an_addition_is_measured_against_what_was_judged_before_and_then_against_itself() -> None:
    entries = [*BEFORE, *[JUDGED] * 6]
    before = [known(6), {"event": "looked"}]
    work = with_added(WORK, before, entries, 0.5)
    assert (work["verdict"].replicas, work["verdict"].is_open) == (9, False)
    assert count(work, entries).share == pytest.approx((80 + 12) / (80 + 18))
    begun = [*before, {"event": "addition"}]
    assert with_added(WORK, begun, entries, 0.5) == work
    assert with_added(WORK, [*begun, known(8)], entries, 0.5)["verdict"].replicas == 8
    over = [*begun, known(8), {"event": "added_to_verdict"}]
    assert with_added(WORK, over, [*entries, JUDGED, JUDGED], 0.5)["verdict"].replicas == 12
