"""The packing of a study on GPUs: as its run directory has it, as this machine has measured it before, or measured now.

What is measured is kept for other studies, by card, version of torch and shape of the network; which rows and shards
follow from it for this study stands in its ledger, in the events ``packed``.  GPUs of this machine are measured when
the study is prepared, those of a cluster when it is joined, one of each kind.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from study.driver.backend_choice import RunOptions
from study.execution.backend import Backend, CardNotReached
from study.execution.inline import Inline
from study.jobs.job import Data, Job
from study.planning.cards.card_packing import Known
from study.planning.cards.cards_here import cards_here, measured_before, trains_on_gpu
from study.planning.cards.facts import PACKED, packing_facts, recorded_packing
from study.planning.cards.measuring import PROBE_SECONDS, Card, Findings, Wanted, card_here, measured_here
from study.planning.cards.pack_study import Measurable, known_kind, measured_kind
from study.planning.cards.study_cards import CardKind, StudyCards
from study.planning.machine_limits import num_cores
from study.planning.prepare import Prepared, with_cards
from study.store.ledger import Ledger

UNPACKED = "unpacked"


@dataclass(frozen=True)
class Packed:
    """A study whose packing is known.

    Args:
        prepared: the study, with its GPUs and a forecast of what they take.
        events: that its ledger is to be told, with their names, once it has the plan.
    """

    prepared: Prepared
    events: Sequence[tuple[str, Mapping[str, Any]]] = ()

    @property
    def cards(self) -> StudyCards | None:
        """The GPUs; ``None`` where processors train, or nothing could be done on a card that is there."""
        return self.prepared.cards

    def tell(self, ledger: Ledger) -> None:
        """Write to the ledger what is new."""
        for name, facts in self.events:
            ledger.append(name, **facts)


def pack(trainer: Backend, prepared: Prepared, ledger: Ledger, options: RunOptions) -> Packed:
    """Return how a study that is about to run is packed on its GPUs, and let the back end share them accordingly.

    Nothing is measured for a study that was packed before on the same cards.

    Args:
        trainer: the back end; it is closed where this ends in an error.
        prepared: the study.
        ledger: of the study; it gets what memory has run out for.
        options: how the study runs.

    Raises:
        UserError: when the cluster cannot be joined, or has no GPU where one is asked for.
    """
    try:
        return _packed(trainer, prepared, ledger, options)
    except BaseException:
        trainer.close()
        raise


def _packed(trainer: Backend, prepared: Prepared, ledger: Ledger, options: RunOptions) -> Packed:
    study = prepared.forecaster().measurable(prepared.plan)
    events: list[tuple[str, Mapping[str, Any]]] = []
    if options.address is None:
        cards = _cards_here(trainer, prepared, study, ledger, options)
    else:
        cards = _cards_of_cluster(trainer, study, ledger, options, events)
    if cards is None:
        return Packed(replace(prepared, cards=None), events)
    if not cards.is_settled:
        cards = replace(cards.packed_for(study.plan, study.networks, trainer.most_on_a_card), is_settled=True)
        events += [(PACKED, packing_facts(cards, kind) | kind.measurement()) for kind in cards.kinds]
    for kind in cards.kinds:
        kind.packing.note = partial(_note, cards, kind, study, ledger)
    trainer.share_card(cards.arrays)
    workers = options.workers or (num_cores() if options.address is None else cards.places)
    backend = "inline" if options.address is None and isinstance(trainer, Inline) else "ray"
    return Packed(with_cards(prepared, cards, workers, backend), events)


def lower(cards: StudyCards | None, job: Job) -> None:
    """Note that a job has run out of memory: on a card, arrays like its own are half as large from now on."""
    if cards is not None:
        tasks = job.shard.tasks_of(next(iter(job.replicas)))
        cards.lower(job.shard.recipe, tasks, len(job.replicas) // 2)


def _note(cards: StudyCards, kind: CardKind, study: Measurable, ledger: Ledger, known: Known) -> None:
    """Write down what memory has run out for, for this study and for later ones."""
    ledger.append(PACKED, **packing_facts(cards, kind, [known]))
    measured_before(study, kind.packing.card).keep(known)


def _cards_here(
    trainer: Backend, prepared: Prepared, study: Measurable, ledger: Ledger, options: RunOptions
) -> StudyCards | None:
    """The GPUs of this machine, as they were measured when the study was prepared."""
    if not trains_on_gpu(options.device):
        return None
    cards = prepared.cards or cards_here(study, ledger.events)
    if not cards.is_settled:
        trainer.begin(Data(study.development))
    return cards


def _cards_of_cluster(
    trainer: Backend,
    study: Measurable,
    ledger: Ledger,
    options: RunOptions,
    events: list[tuple[str, Mapping[str, Any]]],
) -> StudyCards | None:
    """The GPUs of a cluster, one of each kind measured; where it has trained this study before, those that did.

    Why some were not measured is put among ``events``.
    """
    devices = [event["device"] for event in ledger.of("device")]
    if options.device == "cpu" or (devices and devices[-1] == "cpu" and not options.mix_devices):
        return None
    recorded = recorded_packing(ledger.of(PACKED))
    if recorded is not None:
        made = (
            known_kind(study, one.card, one.number, one.known, measured_before(study, one.card), recorded.arrays)
            for one in recorded.kinds
        )
        return StudyCards(tuple(made), is_settled=True)
    data, cards = Data(study.development), dict[str, tuple[Card, str, int]]()
    kinds: list[CardKind] = []
    for name, number in trainer.gpus(data).items():
        try:
            card = trainer.on_card(card_here, data, name)
            key = str(card.key())
            cards[key] = card, name, number + cards.get(key, (card, name, 0))[2]
        except CardNotReached as error:
            events.append(_unpacked(name, error))
    for card, name, number in cards.values():
        measure = partial(_measured_by, trainer, data, name, says=options.screen not in (None, "json"))
        try:
            kinds.append(measured_kind(study, card, number, measure, measured_before(study, card)))
        except CardNotReached as error:
            events.append(_unpacked(name, error))
    return StudyCards(tuple(kinds)) if kinds else None


def say_measuring(name: str = "") -> None:
    """Print to standard error that a GPU is measured, before the seconds that it takes.

    Args:
        name: of its kind, where a cluster may have several.
    """
    about = f"up to {PROBE_SECONDS:.0f} s"
    print(f"packing: how many replicas fill the {name or 'card'}?  {about}", file=sys.stderr, flush=True)


def _unpacked(name: str, error: CardNotReached) -> tuple[str, Mapping[str, Any]]:
    of = f" of the kind {name}" if name else ""
    return UNPACKED, {"reason": f"what was to be measured on a GPU{of} was not: {error}"}


def _measured_by(trainer: Backend, data: Data, name: str, wanted: Sequence[Wanted], *, says: bool) -> Findings:
    if says:
        say_measuring(name)
    return trainer.on_card(partial(measured_here, wanted), data, name)
