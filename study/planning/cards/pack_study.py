"""A study packed on a card: by what was measured on such a card before, and by what is measured now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from study.planning.cards.card_packing import CardPacking, Known
from study.planning.cards.choice import NUMBERS, Load, arrays_on_a_card
from study.planning.cards.measured_before import MeasuredBefore
from study.planning.cards.measuring import Card, Findings, Wanted
from study.planning.cards.shape import shape_of
from study.planning.network_costs import NetworkCosts
from study.planning.own_code import code_digests
from study.planning.plan import Plan
from study.planning.prepare import Prepared
from study.planning.trials import Network, in_order

MOST_ROWS = 1024
"""Replicas of an array on a GPU, at most, whatever it could hold: they are recorded together, and lost together."""
PHASES = ("search", "confirm", "verdict")

Measure = Callable[[Sequence[Wanted]], Findings | None]


def measured_before(prepared: Prepared, card: Card) -> MeasuredBefore:
    """Return what this machine has measured of networks like those of a study on cards like ``card``."""
    return MeasuredBefore(card, code_digests(prepared.plan.spec, prepared.task_set.tasks))


def packed_study(prepared: Prepared, card: Card, most: int, measure: Measure, before: MeasuredBefore) -> CardPacking:
    """Return the packing of a study on a card.

    Args:
        prepared: the study.
        card: that trains.
        most: workers that could share the card.
        measure: measures networks on the card, the costliest kinds first; of each the smallest and the largest.
        before: what was measured before; it keeps what is measured now.
    """
    plan = prepared.plan
    networks = NetworkCosts(prepared.task_set, prepared.rate).networks(plan)
    wanted, weights, digests = _wanted(plan, networks)
    known = {digest: before.of(Known(one.shape, one.most_rows)) for digest, one in wanted.items()}
    digest_of = {id(network): digest for network, digest in zip(networks, digests, strict=True)}
    tried = dict.fromkeys(digest_of[id(network)] for same in in_order(networks) for network in same)
    missing = [wanted[digest] for digest in tried if not _suffices(known[digest], card)]
    found = (measure(missing) if missing else None) or Findings()
    for digest, measured in found.measured.items():
        known[digest] = replace(known[digest], measured=measured)
        before.keep(known[digest])
    known |= {digest: replace(known[digest], failure=why) for digest, why in found.failures.items()}
    packing = CardPacking(card, known.values(), prepared.task_set.development, kept=before.of)
    pairs = [(one, packing.samples_of(one)) for one in packing.known]
    loads = [Load(its, weights[one.shape.digest], one.most_rows) for one, its in pairs if its is not None]
    most = min(most, len(plan.arms), NUMBERS[-1])
    packing.arrays = arrays_on_a_card(loads, card.free_bytes, most) if loads else most
    return packing


def _wanted(plan: Plan, networks: Sequence[Network]) -> tuple[dict[str, Wanted], dict[str, float], list[str]]:
    """Networks by the digests of their shapes, how many replicas of each shape there are, and each network's digest."""
    wanted: dict[str, Wanted] = {}
    weights: dict[str, float] = {}
    digests: list[str] = []
    replicas = max(_draws(plan, phase) * len(plan.seeds(phase)) for phase in PHASES)
    for arm, network in zip(plan.arms, networks, strict=True):
        shape, rows = shape_of(network.recipe, network.view), replicas * (len(plan.tasks) if arm.is_single_task else 1)
        wanted.setdefault(shape.digest, Wanted(shape, network, min(rows, MOST_ROWS)))
        weights[shape.digest] = weights.get(shape.digest, 0.0) + rows
        digests.append(shape.digest)
    return wanted, weights, digests


def _draws(plan: Plan, phase: str) -> int:
    return len(plan.draws) if phase == "search" else 1


def _suffices(known: Known, card: Card) -> bool:
    return known.measured is not None and known.measured.covers(known.most_rows, card.free_bytes)
