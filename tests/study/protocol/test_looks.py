"""Looks are counted once each, before the test split is opened."""

from __future__ import annotations

from study.protocol.looks import count_look
from tests.study.protocol.conftest import Opener, frozen


def test_a_finished_study_has_looked_once_before_its_test_split_was_opened(opened: Opener) -> None:
    context = opened()
    kinds = [event["event"] for event in context.ledger.events]
    assert kinds.count("looked") == 1
    assert kinds.index("looked") < kinds.index("test_opened")
    count_look(context, 1)
    assert len(context.ledger.of("looked")) == 1
    count_look(context, 2)
    assert context.ledger.of("looked")[-1]["level_divisor"] == 2


def test_without_anything_to_judge_there_is_no_look(opened: Opener) -> None:
    context = opened(until=frozen("judged"))
    count_look(context, 1)
    assert context.ledger.of("looked") == []
