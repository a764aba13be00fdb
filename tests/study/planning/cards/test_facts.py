"""A packing as JSON, and back."""

from __future__ import annotations

import json
from dataclasses import replace

from study.planning.cards.card_packing import CardPacking
from study.planning.cards.facts import packing_facts, recorded_packing
from tests.study.planning.cards.test_card_packing import CARD, DATA, NARROW, TASKS, WIDE, packing


def read(*events: object) -> CardPacking:
    found = recorded_packing(json.loads(json.dumps(events)))
    assert found is not None
    card, arrays, known = found
    return CardPacking(card, known.values(), DATA, arrays)


def test_facts_come_back_from_json() -> None:
    before = packing(arrays=2)
    facts = packing_facts(before)
    assert (facts["card"], facts["shards_a_card"]) == ("H100", 2)
    assert [(one["replicas_a_shard"], one["limit"]) for one in facts["shapes"]] == [(64, "speed"), (65, "memory")]
    again = read(facts)
    assert packing_facts(again) == facts
    assert again.card == CARD
    assert recorded_packing([]) is None


def test_later_events_say_what_has_been_lowered() -> None:
    before = packing()
    events = [packing_facts(before)]
    before.note = lambda known: events.append(packing_facts(before, [known]))
    before.lower(WIDE, TASKS, 50)
    assert len(events[1]["shapes"]) == 1
    again = read(*events)
    assert (again.rows(WIDE, TASKS), again.rows(NARROW, TASKS)) == (50, 64)


def test_what_another_card_has_shown_is_forgotten() -> None:
    before = packing()
    other = CardPacking(replace(CARD, name="H200"), before.known[:1], DATA)
    again = read(packing_facts(before), packing_facts(other))
    assert (again.card.name, len(again.known)) == ("H200", 1)
