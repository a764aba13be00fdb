"""What a study's ledger tells of its device: how replicas are packed on GPUs, what shards took of their memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from analysis.formatting import named
from study.driver.card_packing import PACKED, UNPACKED
from study.driver.watching.pace import Event, last_session
from study.planning.replica import MOST_ROWS

LAST_SHARDS = 20
"""Shards of a machine whose memory is told: the last that ended there, since arms differ."""


@dataclass(frozen=True)
class Packed:
    """How replicas are packed on a GPU.

    Args:
        card: name of the model, or of several that were measured; empty where nothing could be done on one.
        memory_bytes: of all its memory.
        shards_a_card: shards that share one.
        fewest, most: replicas that a shard holds at most, of the shapes that hold fewest and most.
        networks: shapes of networks.
        measured: of how many of them arrays were measured; the others are taken to be like these.
        limits: how many shapes hold no more for each reason, see :data:`study.planning.cards.samples.Limit`.
        failure: why nothing could be measured; empty: it could.
    """

    card: str
    memory_bytes: int
    shards_a_card: int
    fewest: int
    most: int
    networks: int = 0
    measured: int = 0
    limits: Mapping[str, int] = field(default_factory=dict)
    failure: str = ""

    @classmethod
    def of_facts(cls, packing: Mapping[str, Any]) -> Packed:
        """Return what :func:`study.planning.cards.facts.packing_facts` has told."""
        shapes = packing["shapes"]
        rows = [shape["replicas_a_shard"] for shape in shapes]
        measured = sum(shape["measured"] is not None for shape in shapes)
        limits = dict(Counter(shape["limit"] for shape in shapes).most_common())
        card, memory, shards = packing["card"], packing["memory_bytes"], packing["shards_a_card"]
        return cls(card, memory, shards, min(rows), max(rows), len(shapes), measured, limits)


@dataclass(frozen=True)
class CardsOfMachine:
    """The GPUs of a machine, as its last shards have told.

    Args:
        machine: its name.
        card: name of the model.
        cards: how many of them have ended shards.
        memory_bytes: of all memory of one.
        shards: how many shards that have ended last are told of.
        peak_bytes: the most that the worker of one of them held at once.
        used_bytes: what all processes held when a shard had ended last, of the fullest card; ``None``: not known.
    """

    machine: str
    card: str
    cards: int
    memory_bytes: int
    shards: int
    peak_bytes: int
    used_bytes: int | None


@dataclass(frozen=True)
class OutOfMemory:
    """Shards that ran out of memory and were cut in two.

    Args:
        times: how many.
        time: when the last one did, as the ledger has it.
        arm: of that one.
        replicas: that it held.
        machine: where it was, as far as it told.
    """

    times: int
    time: str
    arm: str
    replicas: int
    machine: str = ""


@dataclass(frozen=True)
class DeviceUse:
    """How a study uses its device.

    Args:
        device: its type; empty: not known yet.
        precision: in which replicas make their products.
        packing: on GPUs; ``None``: processors train.
        cards: the GPUs of every machine that has ended shards, by name of the machine; empty where processors train.
        out_of_memory: ``None``: it was enough.
    """

    device: str = ""
    precision: str = "float32"
    packing: Packed | None = None
    cards: Sequence[CardsOfMachine] = ()
    out_of_memory: OutOfMemory | None = None

    @property
    def has_cards(self) -> bool:
        """Whether GPUs train."""
        return self.device not in ("", "cpu")

    def facts(self) -> dict[str, Any]:
        """Return all but the type as JSON can hold it; ``run`` and ``status`` have the same names."""
        facts = asdict(self)
        del facts["device"]
        return facts


def device_use(events: Sequence[Event], device: str) -> DeviceUse:
    """Return how a study uses its device.

    Memory is told of the last session that has started a shard.

    Args:
        events: of the ledger, in order.
        device: type of the device that trains.
    """
    precision = next((event["precision"] for event in events if event.get("precision")), "float32")
    session = _last_at_work(events)
    short = [event for event in session if event["event"] == "cut" and event.get("outcome") == "memory"]
    without = None if not short else _out_of_memory(short)
    use = DeviceUse(device, precision, out_of_memory=without)
    if not use.has_cards:
        return use
    ended = [event["memory"] for event in session if event["event"] in ("finished", "failed") and event.get("memory")]
    return replace(use, packing=_packing(events), cards=_cards(ended))


def _last_at_work(events: Sequence[Event]) -> Sequence[Event]:
    """The last session that has started a shard; empty where none has."""
    started = next((place for place in reversed(range(len(events))) if events[place]["event"] == "started"), -1)
    session = last_session(events[: started + 1])
    return events[started + 1 - len(session) :] if session else ()


def _packing(events: Sequence[Event]) -> Packed | None:
    session = last_session(events)
    failed = [event for event in session if event["event"] == UNPACKED]
    if failed and not any(event["event"] == PACKED for event in session):  # of several kinds of cards some were reached
        shares = [event.get("share", 1.0) for event in events if event["event"] == "device"]
        shards = round(1 / shares[-1]) if shares else 1
        return Packed("", 0, shards, MOST_ROWS, MOST_ROWS, failure=failed[-1]["reason"])
    told = [event for event in events if event["event"] == PACKED]
    if not told:
        return None
    last = told[-1]
    cards = list(dict.fromkeys(kind["card"] for kind in last.get("kinds", [last])))
    rows = {(shape["shape"], event["card"]): shape for event in told for shape in event["shapes"]}
    shapes: dict[str, Any] = {}
    for (digest, card), shape in rows.items():
        if card in cards:  # a shard holds what the kind of card holds that holds fewest
            shapes[digest] = min(shapes.get(digest, shape), shape, key=lambda one: one["replicas_a_shard"])
    return Packed.of_facts({**last, "card": named(cards), "shapes": list(shapes.values())})


def _cards(ended: Iterable[Mapping[str, Any]]) -> list[CardsOfMachine]:
    """The GPUs of every machine by its name, of what shards have told in order."""
    told: dict[str, list[Mapping[str, Any]]] = {}
    for memory in ended:
        told.setdefault(memory["host"], []).append(memory)
    return [_of_machine(machine, told[machine]) for machine in sorted(told)]


def _of_machine(machine: str, told: Sequence[Mapping[str, Any]]) -> CardsOfMachine:
    last = told[-1]
    same = [memory for memory in told if memory["card"] == last["card"]]  # another machine may have come by that name
    latest, shards = {memory["card_id"]: memory["used_bytes"] for memory in same}, same[-LAST_SHARDS:]
    used = max((number for number in latest.values() if number is not None), default=None)
    peak = max(memory["peak_bytes"] for memory in shards)
    return CardsOfMachine(machine, last["card"], len(latest), last["memory_bytes"], len(shards), peak, used)


def _out_of_memory(short: Sequence[Event]) -> OutOfMemory:
    last = short[-1]
    machine = last.get("memory", {}).get("host", "")
    return OutOfMemory(len(short), last["time"], last["arm"], len(last["replicas"]), machine)
