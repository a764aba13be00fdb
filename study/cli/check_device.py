"""What ``check`` says about the device: which one this machine would train on, and how many replicas at once."""

from __future__ import annotations

from typing import Any

from study.driver.watching.device_use import Packed
from study.driver.watching.device_words import card_text, packing_text
from study.planning.cards.facts import packing_facts
from study.planning.prepare import Prepared
from study.planning.replica import MOST_ROWS


def facts_of_device(prepared: Prepared) -> dict[str, Any]:
    """Return what was asked for, what this machine has, in which precision, and how many replicas train at once.

    On a GPU ``packing`` says how many do, and what was measured there.

    Raises:
        UserError: when a GPU is asked for and this machine has none.
    """
    from mtl_core.training.device import chosen_device, device_facts

    spec, cards = prepared.plan.spec, prepared.cards
    facts = {"asked": spec.device, **device_facts(chosen_device(spec.device)), "precision": spec.training.precision}
    facts |= {"replicas_at_once": MOST_ROWS, "packing": None}
    if cards is None:
        return facts
    found = packing_facts(cards, cards.kinds[0])  # those of this machine are of one kind
    return facts | {"replicas_at_once": max(one["replicas_a_shard"] for one in found["shapes"]), "packing": found}


def device_in_words(facts: dict[str, Any]) -> str:
    """Return the facts as one line."""
    card = card_text(facts["card"], facts["memory_bytes"]) if facts["card"] else ""
    rounded = "" if facts["precision"] == "float32" else f", products in {facts['precision']}"
    why = f"asked for {facts['asked']}; torch {facts['torch']}"
    at_once = f"up to {facts['replicas_at_once']} replicas at once in a worker"
    packed = at_once if facts["packing"] is None else packing_text(Packed.of_facts(facts["packing"]))
    return f"device: {facts['device']}{card}{rounded}, {packed}; {why}"
