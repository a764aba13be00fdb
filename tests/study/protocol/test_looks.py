"""Looks: counted once each, before the test split is opened, and with shares of the level that add up."""

from __future__ import annotations

import pytest

from study.protocol.looks import count_look, num_looks, share_of_level
from tests.study.protocol.conftest import Opener, frozen


def test_the_levels_add_up_to_twice_the_level_however_many_looks() -> None:
    assert [share_of_level(look) for look in range(1, 6)] == [1, 2, 6, 12, 20]
    assert sum(1 / share_of_level(look) for look in range(1, 2000)) == pytest.approx(2.0, abs=1e-3)


def test_a_study_from_before_looks_were_counted_was_judged_once() -> None:
    assert num_looks([]) == num_looks([{"event": "looked", "looks": 1}]) == 1
    assert num_looks([{"event": "looked", "look": 1}, {"event": "looked", "look": 3}, {"event": "planned"}]) == 3


def test_a_finished_study_has_looked_once_before_its_test_split_was_opened(opened: Opener) -> None:
    context = opened()
    kinds = [event["event"] for event in context.ledger.events]
    assert kinds.count("looked") == 1
    assert kinds.index("looked") < kinds.index("test_opened")
    count_look(context, 1)
    assert len(context.ledger.of("looked")) == 1
    count_look(context, 2)
    assert context.ledger.of("looked")[-1]["looks"] == 2


def test_without_anything_to_judge_there_is_no_look(opened: Opener) -> None:
    context = opened(until=frozen("judged"))
    count_look(context, 1)
    assert context.ledger.of("looked") == []
