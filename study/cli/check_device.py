"""What ``check`` says about the device: which one this machine would train on, and how many replicas at once."""

from __future__ import annotations

from typing import Any

from study.config.spec import Spec
from study.planning.replica import MOST_ROWS


def facts_of_device(spec: Spec) -> dict[str, Any]:
    """Return what was asked for, what this machine has, in which precision, and how many replicas train at once.

    Raises:
        UserError: when a GPU is asked for and this machine has none.
    """
    from mtl_core.training.device import chosen_device, device_facts

    facts = {"asked": spec.device, **device_facts(chosen_device(spec.device)), "replicas_at_once": MOST_ROWS}
    return facts | {"precision": spec.training.precision}


def device_in_words(facts: dict[str, Any]) -> str:
    """Return the facts as one line."""
    card = f" ({facts['card']}, {facts['memory_bytes'] / 2**30:.0f} GiB)" if facts["card"] else ""
    rounded = "" if facts["precision"] == "float32" else f", products in {facts['precision']}"
    why = f"asked for {facts['asked']}; torch {facts['torch']}"
    at_once = f"up to {facts['replicas_at_once']} replicas at once in a worker"
    return f"device: {facts['device']}{card}{rounded}, {at_once}; {why}"
