"""How replicas are packed on GPUs, in words: for ``check`` and ``status``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from analysis.formatting import agree, named
from study.planning.cards.facts import PACKED

WHY = {
    "speed": "twice as many would hardly be faster",
    "memory": "more would not fit into its share of the memory",
    "replicas": "the study has no more at once",
    "time": "not measured, since that takes too long",
}


def packing_of_events(events: Iterable[Mapping[str, Any]]) -> str:
    """Return the cards of a study's ledger and how they are packed now, as one line; empty where there is none.

    Of several kinds of cards each shape has the rows of the one that holds the fewest.
    """
    told = [event for event in events if event["event"] == PACKED]
    if not told:
        return ""
    last = told[-1]
    kinds = {kind["card"]: 1 for kind in last.get("kinds", [last])}
    rows: dict[tuple[str, str], Any] = {}
    for event in told:
        if event["card"] in kinds:
            kinds[event["card"]] = event.get("cards", 1)
            rows |= {(shape["shape"], event["card"]): shape for shape in event["shapes"]}
    shapes: dict[str, Any] = {}
    for (digest, _), shape in rows.items():
        fewest = shapes.get(digest, shape)
        shapes[digest] = min(fewest, shape, key=lambda one: one["replicas_a_shard"])
    cards = named([f"{number} × {card}" if len(kinds) > 1 or number > 1 else card for card, number in kinds.items()])
    fewest = ", the fewest that any of these cards holds" if len(kinds) > 1 else ""
    return f"{cards}, {packing_in_words({**last, 'shapes': list(shapes.values())})}{fewest}"


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
