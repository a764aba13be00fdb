"""How replicas are packed on a GPU, in words: for ``check`` and ``status``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from analysis.formatting import agree
from study.driver.card_packing import PACKED

WHY = {
    "speed": "twice as many would hardly be faster",
    "memory": "more would not fit into its share of the memory",
    "replicas": "the study has no more at once",
    "time": "not measured, since that takes too long",
}


def packing_of_events(events: Iterable[Mapping[str, Any]]) -> str:
    """Return the card of a study's ledger and how it is packed now, as one line; empty where there is none."""
    told = [event for event in events if event["event"] == PACKED]
    if not told:
        return ""
    last = told[-1]
    shapes = {shape["shape"]: shape for event in told if event["card"] == last["card"] for shape in event["shapes"]}
    return f"{last['card']}, {packing_in_words({**last, 'shapes': list(shapes.values())})}"


def packing_in_words(packing: dict[str, Any]) -> str:
    """Return how many shards share a card, how many replicas a shard has, and why not more."""
    shapes, number = packing["shapes"], packing["shards_a_card"]
    rows = sorted({shape["replicas_a_shard"] for shape in shapes})
    spread = f"{rows[0]}" if len(rows) == 1 else f"{rows[0]} to {rows[-1]}"
    limits = Counter(shape["limit"] for shape in shapes).most_common()
    reasons = [f"of {count} {agree(count, 'network', 'networks')} {WHY[limit]}" for limit, count in limits]
    if len(limits) == 1:
        reasons = [WHY[limits[0][0]]]
    return f"{number} {agree(number, 'shard', 'shards')} a card, {spread} replicas a shard ({', '.join(reasons)})"
