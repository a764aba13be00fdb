"""What ``check`` says about the device: which one this machine would train on, and how many replicas at once."""

from __future__ import annotations

from collections import Counter
from typing import Any

from analysis.formatting import agree
from study.driver.card_packing import packing_here
from study.planning.cards.facts import packing_facts
from study.planning.prepare import Prepared
from study.planning.replica import MOST_ROWS

WHY = {
    "speed": "twice as many would hardly be faster",
    "memory": "more would not fit into its share of the memory",
    "replicas": "the study has no more at once",
    "time": "not measured, since that takes too long",
}


def facts_of_device(prepared: Prepared) -> dict[str, Any]:
    """Return what was asked for, what this machine has, and how many replicas train at once in a worker.

    On a GPU that is measured, where this machine has not measured it before; ``packing`` says what was found.

    Raises:
        UserError: when a GPU is asked for and this machine has none.
    """
    from mtl_core.training.device import chosen_device, device_facts

    asked = prepared.plan.spec.device
    packing = packing_here(prepared)
    facts = {"asked": asked, **device_facts(chosen_device(asked)), "replicas_at_once": MOST_ROWS, "packing": None}
    if packing is None:
        return facts
    found = packing_facts(packing)
    return facts | {"replicas_at_once": max(one["replicas_a_shard"] for one in found["shapes"]), "packing": found}


def device_in_words(facts: dict[str, Any]) -> str:
    """Return the facts as one line."""
    card = f" ({facts['card']}, {facts['memory_bytes'] / 2**30:.0f} GiB)" if facts["card"] else ""
    why = f"asked for {facts['asked']}; torch {facts['torch']}"
    if facts["packing"] is None:
        return f"device: {facts['device']}{card}, up to {facts['replicas_at_once']} replicas at once in a worker; {why}"
    return f"device: {facts['device']}{card}, {packing_in_words(facts['packing'])}; {why}"


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
