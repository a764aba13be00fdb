"""What was measured on a card before, by this study or another one of this machine: kept by shape of the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mtl_core import ENGINE_VERSION
from study.planning.cards.card_packing import Known
from study.planning.cards.measuring import Card
from study.planning.cards.samples import Measured
from study.store.card_cache import cached, keep


class MeasuredBefore:
    """What this machine has measured on cards like one, under one engine and one version of torch.

    Args:
        card: the card.
        code: digests of the user's own code that takes part in the training.

    Attributes:
        problem: why the last measurement could not be kept; empty: it was.
    """

    def __init__(self, card: Card, code: Mapping[str, str]) -> None:
        self._card, self._code, self.problem = card, dict(code), ""

    def of(self, known: Known) -> Known:
        """Return what is known of a shape with what was kept of it; a file that says else is as good as none."""
        value = cached(self._key(known))
        if not isinstance(value, Mapping):
            return known
        facts, at_most = value.get("measured"), value.get("at_most")
        try:
            measured = None if facts is None else Measured.of(facts)
        except ValueError:
            return known
        lowered = at_most if isinstance(at_most, int) and at_most > 0 else None
        return replace(known, measured=measured, at_most=lowered)

    def keep(self, known: Known) -> None:
        """Keep what is known of a shape, in place of what was kept before."""
        measured = None if known.measured is None else known.measured.facts()
        self.problem = keep(self._key(known), {"measured": measured, "at_most": known.at_most})

    def _key(self, known: Known) -> dict[str, Any]:
        return {**self._card.key(), "engine": ENGINE_VERSION, "shape": known.shape.digest, "code": self._code}
