"""What a ledger tells of a study's device."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from study.driver.watching.device_use import LAST_SHARDS, DeviceUse, OutOfMemory, device_use
from study.planning.cards.card_packing import CardPacking
from study.planning.cards.facts import packing_facts
from study.planning.cards.study_cards import CardKind, StudyCards
from tests.study.planning.cards.test_card_packing import CARD, DATA, TASKS, WIDE, alone, packing

GIB = 2**30
TIME = "2026-01-01T00:00:00.000+00:00"
PLANNED = {"event": "planned"}


def memory(
    peak: float = 3.0, used: float | None = 12.0, *, host: str = "gpu-1", card_id: str = "a", **other: Any
) -> Any:
    """What a shard has told; bytes in GiB."""
    facts = {"host": host, "card": "H200", "card_id": card_id, "memory_bytes": 140 * GIB}
    return facts | {"peak_bytes": int(peak * GIB), "used_bytes": None if used is None else int(used * GIB)} | other


def ended(*told: Any, kind: str = "finished") -> list[dict[str, Any]]:
    return [{"event": kind, "time": TIME, "shard": "s", "memory": one} if one else {"event": kind} for one in told]


def cut(replicas: int = 8, outcome: str = "memory", **facts: Any) -> dict[str, Any]:
    names = [str(number) for number in range(replicas)]
    return {"event": "cut", "time": TIME, "arm": "hard d1", "replicas": names, "outcome": outcome, **facts}


STARTED = {"event": "started", "time": TIME, "shard": "s", "phase": "search"}


def of(*events: dict[str, Any], device: str = "cuda") -> DeviceUse:
    return device_use(list(events), device)


def test_later_events_replace_what_earlier_ones_said_of_a_shape() -> None:
    found = packing(arrays=2)
    events: list[dict[str, Any]] = [PLANNED, {"event": "packed", **packing_facts(*alone(found))}]
    first = of(*events).packing
    assert first is not None
    assert (first.card, first.shards_a_card, first.fewest, first.most) == ("H100", 2, 64, 65)
    assert (first.networks, first.measured, first.limits) == (2, 2, {"speed": 1, "memory": 1})
    found.note = lambda known: events.append({"event": "packed", **packing_facts(*alone(found), [known])})
    found.lower(WIDE, TASKS, 30)
    lowered = of(*events).packing
    assert lowered is not None
    assert (lowered.fewest, lowered.most, lowered.networks) == (30, 64, 2)
    events.append({"event": "packed", **packing_facts(*alone(found)), "card": "A100", "shapes": events[-1]["shapes"]})
    other = of(*events).packing
    assert other is not None
    assert (other.card, other.most, other.networks) == ("A100", 30, 1), "what was said of another card does not count"
    assert of(PLANNED).packing is None
    assert of(*events, device="cpu").packing is None


def test_of_several_kinds_of_cards_the_fewest_rows_are_told() -> None:
    small = CardPacking(replace(CARD, name="T4"), packing().known, DATA)
    kinds = (CardKind(packing(), [], 2), CardKind(small, [], 1))
    small.lower(WIDE, TASKS, 30)
    packed = [{"event": "packed", **packing_facts(StudyCards(kinds), kind)} for kind in kinds]
    found = of(PLANNED, *packed, {"event": "unpacked", "reason": "a third kind was not reached"}).packing
    assert found is not None
    assert (found.card, found.fewest, found.most, found.networks) == ("H100 and T4", 30, 64, 2)
    assert (found.limits, found.failure) == ({"speed": 1, "memory": 1}, "")


def test_a_card_that_was_not_reached_is_packed_by_rule_in_that_session_alone() -> None:
    packed = {"event": "packed", **packing_facts(*alone(packing()))}
    session = [
        PLANNED,
        {"event": "unpacked", "reason": "it died"},
        {"event": "device", "device": "cuda", "share": 0.25},
    ]
    found = of(PLANNED, packed, *session).packing
    assert found is not None
    assert (found.shards_a_card, found.most, found.measured, found.failure) == (4, 32, 0, "it died")
    again = of(PLANNED, packed, *session, PLANNED).packing
    assert again is not None
    assert again.card == "H100"


def test_memory_is_that_of_the_last_shards_of_every_machine_and_of_its_fullest_card() -> None:
    events = ended(memory(90.0, 99.0), *[memory(2.0, 9.0)] * (LAST_SHARDS - 1), memory(3.0, 12.0, card_id="b"))
    events += ended(memory(5.0, 7.0, host="gpu-0"), None, kind="failed")
    one, two = of(PLANNED, STARTED, *events).cards
    assert (one.machine, one.cards, one.shards, one.peak_bytes, one.used_bytes) == ("gpu-0", 1, 1, 5 * GIB, 7 * GIB)
    assert (two.machine, two.cards, two.shards) == ("gpu-1", 2, LAST_SHARDS)
    assert two.peak_bytes == 3 * GIB, "the first shard was too long ago"
    assert two.used_bytes == 12 * GIB, "each card has what its last shard told"
    json.dumps(of(PLANNED, STARTED, *events).facts(), allow_nan=False)


def test_what_is_used_of_a_card_that_did_not_answer_is_not_known() -> None:
    (cards,) = of(PLANNED, STARTED, *ended(memory(used=None))).cards
    assert (cards.used_bytes, cards.peak_bytes) == (None, 3 * GIB)


def test_memory_of_another_card_of_the_same_machine_name_does_not_count() -> None:
    (cards,) = of(PLANNED, STARTED, *ended(memory(9.0, card="A100"), memory(1.0))).cards
    assert (cards.card, cards.shards, cards.peak_bytes) == ("H200", 1, GIB)


def test_memory_is_told_of_the_last_session_that_has_started_a_shard() -> None:
    before = [PLANNED, STARTED, *ended(memory()), cut()]
    assert of(*before, PLANNED).cards, "it has nothing to do"
    assert of(*before, PLANNED).out_of_memory is not None
    begun = of(*before, PLANNED, STARTED)
    assert (begun.cards, begun.out_of_memory) == ([], None)
    assert of(PLANNED).cards == []


def test_shards_that_were_cut_for_want_of_memory_are_counted_on_any_device() -> None:
    short = cut(16, memory=memory(host="gpu-2"))
    events = [PLANNED, STARTED, cut(4), cut(8, outcome="died"), short]
    found = OutOfMemory(2, TIME, "hard d1", 16, "gpu-2")
    assert of(*events).out_of_memory == found
    assert of(*events[:3], device="cpu").out_of_memory == OutOfMemory(1, TIME, "hard d1", 4)
    assert of(PLANNED, STARTED, cut(outcome="died")).out_of_memory is None


def test_on_a_processor_nothing_of_cards_is_told() -> None:
    events = [PLANNED, {"event": "packed", **packing_facts(*alone(packing()))}, STARTED, *ended(memory())]
    assert of(*events, device="cpu") == DeviceUse("cpu")
    assert of(*events, device="") == DeviceUse("")
    assert of({"event": "device", "precision": "bf16"}).precision == "bf16"
