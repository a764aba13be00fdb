"""Score: what is opened, and what the ledger says of it."""

from __future__ import annotations

from study.protocol.score import score
from tests.study.protocol.conftest import Opener
from tests.study.protocol.test_search import jobs


def test_replicas_with_scores_are_not_opened_again(opened: Opener) -> None:
    context = opened()
    before = len(context.ledger.of("test_opened"))
    assert jobs(score(context)) == []
    assert len(context.ledger.of("test_opened")) == before == 2


def test_lost_scores_are_made_again_and_every_opening_is_in_the_ledger(opened: Opener) -> None:
    context = opened(until=lambda event: event["event"] == "test_opened")
    lost = {key for key, entry in context.archive.entries.items() if entry.phase == "verdict"}
    context.archive._scored -= lost
    found = jobs(score(context))
    assert {key for job in found for key in job.replicas} == lost
    assert [(event["phase"], event["replicas"]) for event in context.ledger.of("test_opened")] == [
        ("verdict", len(lost))
    ]
