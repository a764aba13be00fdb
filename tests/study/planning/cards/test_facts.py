"""A packing as JSON, and back."""

from __future__ import annotations

import json
from dataclasses import replace

from study.planning.cards.card_packing import CardPacking
from study.planning.cards.facts import packing_facts, recorded_packing
from study.planning.cards.study_cards import CardKind, StudyCards
from tests.study.planning.cards.test_card_packing import CARD, DATA, NARROW, TASKS, WIDE, alone, packing


def read(*events: object) -> CardPacking:
    found = recorded_packing(json.loads(json.dumps(events)))
    assert found is not None
    (kind,) = found.kinds
    return CardPacking(kind.card, kind.known, DATA, found.arrays)


def test_facts_come_back_from_json() -> None:
    before = packing(arrays=2)
    facts = packing_facts(*alone(before))
    assert (facts["card"], facts["cards"], facts["shards_a_card"]) == ("H100", 1, 2)
    assert "kinds" not in facts
    assert [(one["replicas_a_shard"], one["limit"]) for one in facts["shapes"]] == [(64, "speed"), (65, "memory")]
    again = read(facts)
    assert packing_facts(*alone(again)) == facts
    assert again.card == CARD
    assert recorded_packing([]) is None
    del facts["cards"]
    assert read(facts).known == again.known, "as earlier versions wrote it"


def test_later_events_say_what_has_been_lowered() -> None:
    before = packing()
    events = [packing_facts(*alone(before))]
    before.note = lambda known: events.append(packing_facts(*alone(before), [known]))
    before.lower(WIDE, TASKS, 50)
    assert len(events[1]["shapes"]) == 1
    again = read(*events)
    assert (again.rows(WIDE, TASKS), again.rows(NARROW, TASKS)) == (50, 64)


def test_what_another_card_has_shown_is_forgotten() -> None:
    before = packing()
    other = CardPacking(replace(CARD, name="H200"), before.known[:1], DATA)
    again = read(packing_facts(*alone(before)), packing_facts(*alone(other)))
    assert (again.card.name, len(again.known)) == ("H200", 1)


def test_several_kinds_come_back_together_and_what_is_lowered_belongs_to_one_of_them() -> None:
    large, small = packing(), CardPacking(replace(CARD, name="T4"), packing().known, DATA)
    kinds = (CardKind(large, [], 2), CardKind(small, [], 3))
    cards = StudyCards(kinds)
    events = [packing_facts(cards, kind) for kind in kinds]
    small.note = lambda known: events.append(packing_facts(cards, kinds[1], [known]))
    small.lower(WIDE, TASKS, 9)
    found = recorded_packing(json.loads(json.dumps(events)))
    assert found is not None
    assert [(kind.card.name, kind.number, len(kind.known)) for kind in found.kinds] == [("H100", 2, 2), ("T4", 3, 2)]
    lowest = [{one.at_most for one in kind.known} for kind in found.kinds]
    assert lowest == [{None}, {None, 9}]
    alone_now = recorded_packing([*events, packing_facts(*alone(large))])
    assert alone_now is not None
    assert [kind.card.name for kind in alone_now.kinds] == ["H100"], "the other kind has gone"
