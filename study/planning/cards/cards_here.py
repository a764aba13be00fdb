"""The GPUs of this machine, where they train a study: measured before its time is forecast, and its budget spent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from study.planning.cards.facts import PACKED, recorded_packing
from study.planning.cards.measured_before import MeasuredBefore
from study.planning.cards.measuring import Card, Findings, Wanted, card_here, measured_here
from study.planning.cards.pack_study import Measurable, known_kind, measured_kind
from study.planning.cards.study_cards import StudyCards
from study.planning.own_code import code_digests


def trains_on_gpu(device: str) -> bool:
    """Return whether replicas train on a GPU of this machine that are to train on ``auto``, ``cpu`` or ``cuda``."""
    import torch

    return device != "cpu" and torch.cuda.is_available()


def cards_here(
    study: Measurable, events: Iterable[Mapping[str, Any]] = (), announce: Callable[[], None] = lambda: None
) -> StudyCards:
    """Return the GPUs of this machine and what they show of a study.

    They are taken to be alike; the first is measured, for some twenty seconds at most.  Nothing is measured of a study
    that was packed before on such a card, or of networks that this machine has measured before.

    Args:
        study: its networks.
        events: of the study's ledger, where it was begun before.
        announce: called before the seconds in which something is measured.
    """
    import torch

    def measure(wanted: Sequence[Wanted]) -> Findings:
        announce()
        return measured_here(wanted)

    card, number = card_here(), torch.cuda.device_count()
    before = measured_before(study, card)
    recorded = recorded_packing(event for event in events if event["event"] == PACKED)
    same = [one for one in recorded.kinds if one.card.key() == card.key()] if recorded is not None else []
    if recorded is not None and same:
        return StudyCards((known_kind(study, card, number, same[0].known, before, recorded.arrays),), is_settled=True)
    return StudyCards((measured_kind(study, card, number, measure, before),))


def measured_before(study: Measurable, card: Card) -> MeasuredBefore:
    """Return what this machine has measured of networks like those of a study on cards like ``card``."""
    return MeasuredBefore(card, code_digests(study.plan.spec, study.development.tasks))
