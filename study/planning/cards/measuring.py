"""Measurement of a study's networks on a GPU, as long as there is time for it, in the process that has the GPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from study.planning.cards.doubling import FIRST_ROWS, doubled
from study.planning.cards.samples import Measured, Sample
from study.planning.cards.shape import Shape
from study.planning.trials import Network

if TYPE_CHECKING:
    from mtl_core.training.device_meter import DeviceMeter

PROBE_SECONDS = 20.0
"""Seconds for the measurement of all networks, but for what was begun before they were over."""


@dataclass(frozen=True)
class Card:
    """A GPU, as far as measurements depend on it.

    Args:
        name: of the model.
        memory_bytes: of all its memory.
        torch: version of torch that trains on it.
        free_bytes: memory that could be had when it was asked.
    """

    name: str
    memory_bytes: int
    torch: str
    free_bytes: float

    def key(self) -> dict[str, Any]:
        """Return what two cards have in common on which the same is measured."""
        return {"card": self.name, "memory_bytes": self.memory_bytes, "torch": self.torch}


@dataclass(frozen=True)
class Wanted:
    """A network whose arrays are to be measured: its shape, and how many replicas the study has for an array."""

    shape: Shape
    network: Network
    most_rows: int


@dataclass(frozen=True)
class Findings:
    """What was measured, by digest of the shape, and why something was not: errors of users' code, for instance."""

    measured: Mapping[str, Measured] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)


def card_here() -> Card:
    """Return the first GPU that this process may use."""
    import torch

    from mtl_core.training.device import chosen_device, device_facts
    from mtl_core.training.device_meter import CardMeter

    device = chosen_device("cuda")
    facts = device_facts(device)
    return Card(facts["card"], facts["memory_bytes"], torch.__version__, CardMeter(device).free_bytes())


def measured_here(wanted: Sequence[Wanted]) -> Findings:
    """Measure networks on the first GPU that this process may use, with one thread, as a worker has."""
    import torch

    from mtl_core.training.device import chosen_device
    from mtl_core.training.device_meter import CardMeter
    from study.planning.cards.trial import sampled

    device = chosen_device("cuda")
    meter, threads = CardMeter(device), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return measured(wanted, meter, lambda network, rows: sampled(network, rows, device, meter))
    finally:
        torch.set_num_threads(threads)
        meter.forget_peak()  # other processes need what this one has taken


def measured(wanted: Sequence[Wanted], meter: DeviceMeter, sample: Callable[[Network, int], Sample]) -> Findings:
    """Measure networks in the order given, until :data:`PROBE_SECONDS` are over; the first is never left out.

    Args:
        wanted: what is to be measured.
        meter: of the device.
        sample: trains a few steps of so many rows of a network.
    """
    found: dict[str, Measured] = {}
    failures: dict[str, str] = {}
    timed, until = _Timed(sample, meter), meter.seconds() + PROBE_SECONDS
    for one in wanted:
        if meter.seconds() + timed.first_trial > until:
            break
        try:
            result = doubled(
                partial(timed, one.network),
                free_bytes=meter.free_bytes(),
                most_rows=one.most_rows,
                clock=meter.seconds,
                until=until,
            )
        except Exception as error:  # a user's network may raise anything: each replica's record will say what
            failures[one.shape.digest] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            continue
        if result is None:
            failures[one.shape.digest] = "not one row fits into the card's memory"
        else:
            found[one.shape.digest] = result
    return Findings(found, failures)


class _Timed:
    """A sampler that notes how long a network's first trial takes, at most, as far as any was made."""

    def __init__(self, sample: Callable[[Network, int], Sample], meter: DeviceMeter) -> None:
        self._sample, self._meter, self.first_trial = sample, meter, 0.0

    def __call__(self, network: Network, rows: int) -> Sample:
        began = self._meter.seconds()
        found = self._sample(network, rows)
        if rows <= FIRST_ROWS:
            self.first_trial = max(self.first_trial, self._meter.seconds() - began)
        return found
