"""The packing of a study as JSON: what the ledger holds of it, what ``check --json`` prints, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from study.planning.cards.card_packing import CardPacking, Known
from study.planning.cards.measuring import Card
from study.planning.cards.samples import Measured
from study.planning.cards.shape import Shape


def packing_facts(packing: CardPacking, known: Iterable[Known] | None = None) -> dict[str, Any]:
    """Return the card, how many shards share it, and of every shape its rows, why not more, and what was measured.

    Args:
        packing: of a study.
        known: the shapes that are told; by default all.
    """
    card = packing.card
    return {
        **card.key(),
        "free_bytes": card.free_bytes,
        "shards_a_card": packing.arrays,
        "shapes": [_facts(packing, one) for one in (packing.known if known is None else known)],
    }


def recorded_packing(events: Iterable[Mapping[str, Any]]) -> tuple[Card, int, dict[str, Known]] | None:
    """Return the card, the shards on it and what is known of shapes, as such facts tell them; ``None``: there are none.

    Args:
        events: such facts in order; later ones replace what earlier ones, of the same card, say of a shape.
    """
    card: Card | None = None
    arrays, known = 1, {}
    for event in events:
        found = Card(event["card"], event["memory_bytes"], event["torch"], event["free_bytes"])
        if card is not None and card.key() != found.key():
            known = {}
        card, arrays = found, event["shards_a_card"]
        for facts in event["shapes"]:
            shape = Shape(facts["shape"], tuple(facts["kind"]), facts["multiply_adds"], facts["replica_bytes"])
            known[shape.digest] = _known(shape, facts)
    return None if card is None else (card, arrays, known)


def _facts(packing: CardPacking, known: Known) -> dict[str, Any]:
    rows, shape = packing.rows_of(known), known.shape
    return {
        "shape": shape.digest,
        "kind": list(shape.kind),
        "multiply_adds": shape.multiply_adds,
        "replica_bytes": shape.replica_bytes,
        "replicas_a_shard": rows.number,
        "limit": rows.limit,
        "most_rows": known.most_rows,
        "at_most": known.at_most,
        "failure": known.failure,
        "measured": None if known.measured is None else known.measured.facts(),
    }


def _known(shape: Shape, facts: Mapping[str, Any]) -> Known:
    measured = facts["measured"]
    of = None if measured is None else Measured.of(measured)
    return Known(shape, facts["most_rows"], of, facts["at_most"], facts["failure"])
