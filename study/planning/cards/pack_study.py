"""What a kind of card shows of a study's networks, by what was measured on such a card before or is measured now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from mtl_core.data.task_set import Development
from study.planning.cards.card_packing import CardPacking, Known
from study.planning.cards.card_times import CardNetwork
from study.planning.cards.measured_before import MeasuredBefore
from study.planning.cards.measuring import Card, Findings, Wanted
from study.planning.cards.shape import shape_of
from study.planning.cards.study_cards import CardKind
from study.planning.phase_work import most_replicas
from study.planning.plan import Plan
from study.planning.trials import Network, in_order

MOST_ROWS = 1024
"""Replicas of an array on a GPU, at most, whatever it could hold: they are recorded together, and lost together."""

Measure = Callable[[Sequence[Wanted]], Findings]


@dataclass(frozen=True)
class Measurable:
    """The networks of a study, as far as measurements on cards ask for them.

    Args:
        plan: of the study.
        networks: of the plan's arms, in their order.
        development: the examples, with all tasks.
    """

    plan: Plan
    networks: Sequence[Network]
    development: Development


def measured_kind(study: Measurable, card: Card, number: int, measure: Measure, before: MeasuredBefore) -> CardKind:
    """Return what a kind of card shows of a study's networks, measuring what was not measured before.

    Args:
        study: its networks.
        card: one of the kind.
        number: of such cards.
        measure: measures networks on the card, the costliest kinds first; of each the smallest and the largest.
        before: what was measured before; it keeps what is measured now.
    """
    began = time.monotonic()
    wanted, digests = _wanted(study)
    known = {digest: before.of(Known(one.shape, one.most_rows)) for digest, one in wanted.items()}
    digest_of = {id(network): digest for network, digest in zip(study.networks, digests, strict=True)}
    tried = dict.fromkeys(digest_of[id(network)] for same in in_order(study.networks) for network in same)
    missing = [wanted[digest] for digest in tried if not _suffices(known[digest], card)]
    findings = measure(missing) if missing else Findings()
    for digest, measured in findings.measured.items():
        known[digest] = replace(known[digest], measured=measured)
        before.keep(known[digest])
    known |= {digest: replace(known[digest], failure=why) for digest, why in findings.failures.items()}
    found = known_kind(study, card, number, known.values(), before)
    return replace(found, seconds=time.monotonic() - began, unkept=before.problem)


def known_kind(
    study: Measurable, card: Card, number: int, known: Iterable[Known], before: MeasuredBefore, arrays: int = 1
) -> CardKind:
    """Return what a kind of card shows of a study's networks by what is known already.

    Args:
        study: its networks.
        card: one of the kind.
        number: of such cards.
        known: what is known of the study's shapes.
        before: what was measured before of other shapes.
        arrays: that share a card.
    """
    packing = CardPacking(card, known, study.development, arrays, before.of)
    networks = [
        CardNetwork(network.kind, network.multiply_adds, network.modelled, measured)
        for network in study.networks
        if (measured := packing.known_of(network.recipe, _tasks(network)).measured) is not None
    ]
    return CardKind(packing, networks, number)


def _wanted(study: Measurable) -> tuple[dict[str, Wanted], list[str]]:
    """Networks by the digests of their shapes, and each network's digest."""
    wanted: dict[str, Wanted] = {}
    digests: list[str] = []
    replicas = most_replicas(study.plan)
    for arm, network in zip(study.plan.arms, study.networks, strict=True):
        rows = replicas * (len(study.plan.tasks) if arm.is_single_task else 1)
        shape = shape_of(network.recipe, network.view)
        wanted.setdefault(shape.digest, Wanted(shape, network, min(rows, MOST_ROWS)))
        digests.append(shape.digest)
    return wanted, digests


def _tasks(network: Network) -> tuple[str, ...]:
    return tuple(task.name for task in network.view.tasks)


def _suffices(known: Known, card: Card) -> bool:
    return known.measured is not None and known.measured.covers(known.most_rows, card.free_bytes)
