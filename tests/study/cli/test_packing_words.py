"""The packing of a study as its ledger tells it, in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from study.cli.packing_words import packing_of_events
from study.cli.status import lines_of, read_status
from study.planning.cards.card_packing import CardPacking
from study.planning.cards.facts import packing_facts
from study.planning.cards.study_cards import CardKind, StudyCards
from study.store.ledger import Ledger
from tests.study.planning.cards.test_card_packing import CARD, DATA, TASKS, WIDE, alone, packing


def test_later_events_replace_what_earlier_ones_said_of_a_shape() -> None:
    found = packing(arrays=2)
    events: list[dict[str, Any]] = [{"event": "planned"}, {"event": "packed", **packing_facts(*alone(found))}]
    assert packing_of_events(events).startswith("H100, 2 shards a card, 64 to 65 replicas a shard (of 1 network twice")
    found.note = lambda known: events.append({"event": "packed", **packing_facts(*alone(found), [known])})
    found.lower(WIDE, TASKS, 30)
    assert "30 to 64 replicas a shard" in packing_of_events(events)
    events.append({"event": "packed", **packing_facts(*alone(found)), "card": "A100", "shapes": events[-1]["shapes"]})
    expected = "A100, 2 shards a card, 30 replicas a shard (more would not fit into its share of the memory)"
    assert packing_of_events(events) == expected, "what was said of another card does not count"
    assert packing_of_events(events[:1]) == ""


def test_of_several_kinds_the_fewest_rows_are_told() -> None:
    small = CardPacking(replace(CARD, name="T4"), packing().known, DATA)
    kinds = (CardKind(packing(), [], 2), CardKind(small, [], 1))
    small.lower(WIDE, TASKS, 30)
    events = [{"event": "packed", **packing_facts(StudyCards(kinds), kind)} for kind in kinds]
    assert packing_of_events(events) == (
        "2 × H100 and 1 × T4, 1 shard a card, 30 to 64 replicas a shard (of 1 network twice as many would hardly be"
        " faster, of 1 network more would not fit into its share of the memory), the fewest that any of these cards"
        " holds"
    )


def test_status_says_it_beside_the_device_of_a_card(tmp_path: Path) -> None:
    with Ledger(tmp_path) as book:
        book.append("packed", **packing_facts(*alone(packing())))
        book.append("device", device="cuda")
    now = read_status(tmp_path, alive=True)
    (line,) = [line for line in lines_of(tmp_path, now) if line.startswith("  packing")]
    assert line.startswith("  packing  H100, 1 shard a card, 64 to 134 replicas a shard")
    with Ledger(tmp_path) as book:
        book.append("device", device="cpu")
    assert not [line for line in lines_of(tmp_path, read_status(tmp_path, alive=True)) if "packing" in line]
