"""The packing of a study on GPUs: as its run directory has it, as this machine has measured it before, or measured now.

What is measured is kept for other studies, by card, version of torch and shape of the network; which rows and shards
follow from it for this study stands in its ledger, in the events ``packed``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import partial

from study.driver.backend_choice import RunOptions
from study.execution.backend import Backend, CardNotReached
from study.jobs.job import Data, Job
from study.planning.cards.card_packing import CardPacking, Known
from study.planning.cards.choice import NUMBERS
from study.planning.cards.facts import packing_facts, recorded_packing
from study.planning.cards.measuring import PROBE_SECONDS, Card, Findings, Wanted, card_here, measured_here
from study.planning.cards.pack_study import measured_before, packed_study
from study.planning.forecast import workers_of
from study.planning.prepare import Prepared, num_cores
from study.store.ledger import Ledger

PACKED, UNPACKED = "packed", "unpacked"


def pack(trainer: Backend, prepared: Prepared, ledger: Ledger, options: RunOptions) -> CardPacking | None:
    """Return how a study that is about to run is packed on its card, and let the back end share cards accordingly.

    Nothing is measured for a study that was packed before on the same card.

    Args:
        trainer: the back end; it is closed where this ends in an error.
        prepared: the study.
        ledger: of the study; it gets what follows from the measurement, and later what memory has run out for.
        options: how the study runs.

    Returns:
        ``None`` where processors train, or where nothing could be done on a card that is there.

    Raises:
        UserError: when the cluster cannot be joined, or has no GPU where one is asked for.
    """
    try:
        return _packed(trainer, prepared, ledger, options)
    except BaseException:
        trainer.close()
        raise


def _packed(trainer: Backend, prepared: Prepared, ledger: Ledger, options: RunOptions) -> CardPacking | None:
    data = Data(prepared.task_set.development)
    recorded = recorded_packing(ledger.of(PACKED))
    try:
        card = _card(trainer, options, None if recorded is None else recorded[0], data, ledger)
        if card is None:
            return None
        before = measured_before(prepared, card)
        if recorded is not None and recorded[0].key() == card.key():
            packing = CardPacking(card, recorded[2].values(), data.development, recorded[1], before.of)
        else:
            began = time.monotonic()
            trainer.begin(data)
            measure = partial(_measured_by, trainer, data, says=options.screen not in (None, "json"))
            packing = packed_study(prepared, card, trainer.most_on_a_card, measure, before)
            facts = packing_facts(packing) | ({"unkept": before.problem} if before.problem else {})
            ledger.append(PACKED, **facts, seconds=round(time.monotonic() - began, 3))
    except CardNotReached as error:
        ledger.append(UNPACKED, reason=f"what was to be measured on a GPU was not: {error}")
        return None

    def note(known: Known) -> None:
        ledger.append(PACKED, **packing_facts(packing, [known]))
        before.keep(known)

    packing.note = note
    trainer.share_card(packing.arrays)
    return packing


def lower(packing: CardPacking | None, job: Job) -> None:
    """Note that a job has run out of memory: on a card, arrays like its own are half as large from now on."""
    if packing is not None:
        tasks = job.shard.tasks_of(next(iter(job.replicas)))
        packing.lower(job.shard.recipe, tasks, len(job.replicas) // 2)


def packing_here(prepared: Prepared) -> CardPacking | None:
    """Return how a study would be packed on this machine, for ``check``; ``None`` where processors would train.

    Raises:
        UserError: when a GPU is asked for and this machine has none.
    """
    from mtl_core.training.device import chosen_device

    spec = prepared.plan.spec
    if chosen_device(spec.device).type == "cpu":
        return None
    import torch

    workers = workers_of(spec.backend, spec.workers or num_cores(), prepared.forecast.work)
    most, card = min(-(-workers // torch.cuda.device_count()), NUMBERS[-1]), card_here()
    return packed_study(prepared, card, most, measured_here, measured_before(prepared, card))


def _card(trainer: Backend, options: RunOptions, before: Card | None, data: Data, ledger: Ledger) -> Card | None:
    """The card that will train; of a cluster that has trained this study before, what trained it then."""
    if options.address is None:
        from mtl_core.training.device import chosen_device

        return None if chosen_device(options.device).type == "cpu" else card_here()
    devices = [event["device"] for event in ledger.of("device")]
    if options.device == "cpu" or (devices and devices[-1] == "cpu" and not options.mix_devices):
        return None
    return before or trainer.on_card(card_here, data)


def _measured_by(trainer: Backend, data: Data, wanted: Sequence[Wanted], *, says: bool) -> Findings | None:
    if says:
        about = f"up to {PROBE_SECONDS:.0f} s"
        print(f"packing: how many replicas fill the card?  {about}", file=sys.stderr, flush=True)
    return trainer.on_card(partial(measured_here, wanted), data)
