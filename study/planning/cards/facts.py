"""The packing of a study as JSON: what the ledger holds of it, what ``check --json`` prints, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from study.planning.cards.card_packing import Known
from study.planning.cards.measuring import Card
from study.planning.cards.samples import Measured
from study.planning.cards.shape import Shape
from study.planning.cards.study_cards import CardKind, StudyCards

PACKED = "packed"
"""The ledger's event that holds such facts of one kind of card."""


@dataclass(frozen=True)
class RecordedKind:
    """A kind of card as such facts tell of it: one card, how many there are, and what is known of shapes."""

    card: Card
    number: int
    known: tuple[Known, ...]


@dataclass(frozen=True)
class RecordedPacking:
    """The packing of a study as such facts tell of it: the kinds of cards that train it, and the shards on each."""

    kinds: tuple[RecordedKind, ...]
    arrays: int


def packing_facts(cards: StudyCards, kind: CardKind, known: Iterable[Known] | None = None) -> dict[str, Any]:
    """Return what a kind of card is, how many shards share one, and of every shape its rows and what was measured.

    Args:
        cards: of a study.
        kind: one of theirs.
        known: the shapes that are told; by default all.
    """
    packing = kind.packing
    beside = {"kinds": [one.packing.card.key() for one in cards.kinds]} if len(cards.kinds) > 1 else {}
    return {
        **packing.card.key(),
        "cards": kind.number,
        "free_bytes": packing.card.free_bytes,
        "shards_a_card": packing.arrays,
        **beside,
        "shapes": [_facts(kind, one) for one in (packing.known if known is None else known)],
    }


def recorded_packing(events: Iterable[Mapping[str, Any]]) -> RecordedPacking | None:
    """Return the packing that such facts tell of; ``None``: there are none.

    Args:
        events: such facts in order; later ones replace what earlier ones, of the same kind of card, say of a shape.
    """
    cards: dict[str, tuple[Card, int]] = {}
    known: dict[str, dict[str, Known]] = {}
    last: Mapping[str, Any] | None = None
    for event in events:
        last, card = event, Card(event["card"], event["memory_bytes"], event["torch"], event["free_bytes"])
        key = str(card.key())
        cards[key] = card, event.get("cards", 1)
        for facts in event["shapes"]:
            shape = Shape(facts["shape"], tuple(facts["kind"]), facts["multiply_adds"], facts["replica_bytes"])
            known.setdefault(key, {})[shape.digest] = _known(shape, facts)
    if last is None:
        return None
    alone = {name: last[name] for name in ("card", "memory_bytes", "torch")}
    keys = [key for key in map(str, last.get("kinds", [alone])) if key in cards]
    kinds = (RecordedKind(*cards[key], tuple(known.get(key, {}).values())) for key in keys)
    return RecordedPacking(tuple(kinds), last["shards_a_card"])


def _facts(kind: CardKind, known: Known) -> dict[str, Any]:
    rows, shape = kind.packing.rows_of(known), known.shape
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
