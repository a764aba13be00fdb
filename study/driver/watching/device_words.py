"""How a study uses its device, in words: ``check``, ``status`` and the live screen say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from analysis.formatting import agree
from study.config.durations import duration
from study.driver.watching.device_use import CardsOfMachine, DeviceUse, OutOfMemory, Packed

WHY = {
    "speed": "twice as many would hardly be faster",
    "memory": "more would not fit into its share of the memory",
    "replicas": "the study has no more at once",
    "time": "not measured, since that takes too long",
}
GIB, MIB = 2.0**30, 2.0**20
MOST_MACHINES = 3
"""Machines of which a screen tells the memory; of more it tells the first ones, and the others together."""


def device_text(use: DeviceUse) -> str:
    """Return the device, its model where all are of one, and the precision of products, as ``cuda (H200, 140 GiB)``."""
    models = _models(use)
    model = next(iter(models)) if len(models) == 1 else None
    rounded = "" if use.precision == "float32" else f", products in {use.precision}"
    return f"{use.device}{'' if model is None else card_text(*model)}{rounded}"


def card_text(card: str, memory_bytes: float) -> str:
    """Return the name and the memory of a GPU in parentheses."""
    return f" ({card}, {_gib(memory_bytes)} GiB)"


def packing_text(packed: Packed, *, on: str = "", brief: bool = False) -> str:
    """Return how many shards share a card, how many replicas a shard has, whether by measurement, and why not more.

    Args:
        packed: the packing.
        on: name of the card that was measured, where others train, too.
        brief: leave out why not more.
    """
    spread = f"{packed.fewest}" if packed.fewest == packed.most else f"{packed.fewest} to {packed.most}"
    number = packed.shards_a_card
    text = f"{number} {agree(number, 'shard', 'shards')} a card, {spread} replicas a shard, {_how(packed)}"
    text += f" on {on}" if on and packed.measured else ""
    reasons = [packed.failure] if packed.failure else _reasons(packed.limits)
    return text if brief or not reasons else f"{text} ({', '.join(reasons)})"


def device_lines(use: DeviceUse, now: datetime, *, brief: bool = False) -> list[str]:
    """Return the packing, the memory of GPUs and the want of memory, a line each; without those that are not known.

    Args:
        use: how the study uses its device.
        now: the time.
        brief: few and short lines, for a screen.
    """
    lines = []
    if use.packing is not None:
        on = use.packing.card if len(_models(use)) > 1 else ""
        lines.append(f"packing  {packing_text(use.packing, on=on, brief=brief)}")
    lines += [f"memory   {line}" for line in _memory(use, MOST_MACHINES if brief else len(use.cards))]
    if use.out_of_memory is not None:
        lines.append(f"memory   {_ran_out(use.out_of_memory, now, is_one_of_many=len(use.cards) > 1)}")
    return lines


def memory_in_short(use: DeviceUse) -> list[str]:
    """Return the memory of all GPUs together and the want of memory, for a line of a log; without what is not known."""
    parts = [f"memory: {_taken(_together(use.cards))}"] if use.cards else []
    without = use.out_of_memory
    return parts + ([] if without is None else [f"memory ran out {_times(without.times)}"])


def _models(use: DeviceUse) -> set[tuple[str, int]]:
    """Names and memories of the GPUs that train."""
    found = {(cards.card, cards.memory_bytes) for cards in use.cards}
    return found | ({(use.packing.card, use.packing.memory_bytes)} if use.packing and use.packing.card else set())


def _how(packed: Packed) -> str:
    if packed.measured == packed.networks:
        return "measured" if packed.measured else "by rule"
    return f"{packed.measured} of {packed.networks} networks measured" if packed.measured else "by rule"


def _reasons(limits: Mapping[str, int]) -> list[str]:
    if len(limits) == 1:
        return [WHY[limit] for limit in limits]
    return [f"of {count} {agree(count, 'network', 'networks')} {WHY[limit]}" for limit, count in limits.items()]


def _memory(use: DeviceUse, most: int) -> list[str]:
    """A line for every machine, which is named where there are several, and one for those beyond ``most``."""
    shown, others = (use.cards, ()) if len(use.cards) <= most else (use.cards[: most - 1], use.cards[most - 1 :])
    of_model = len(_models(use)) > 1
    lines = [_taken(cards, cards.card if of_model else "") for cards in shown]
    if len(use.cards) > 1:
        lines = [f"{cards.machine}: {line}" for cards, line in zip(shown, lines, strict=True)]
    return lines + ([f"{len(others)} other machines: {_taken(_together(others))}"] if others else [])


def _together(cards: Sequence[CardsOfMachine]) -> CardsOfMachine:
    """The GPUs of several machines as if they were of one: the largest peak, and the fullest card."""
    fullest = max(cards, key=lambda one: (one.used_bytes or 0) / one.memory_bytes)
    number, peak = sum(one.cards for one in cards), max(one.peak_bytes for one in cards)
    return replace(fullest, cards=number, peak_bytes=peak)


def _taken(cards: CardsOfMachine, card: str = "") -> str:
    """What shards took at most, and what is used of the fullest card; the numbers first, since screens are narrow."""
    total = f"{_gib(cards.memory_bytes)} GiB"
    used = f"of {total}" if cards.used_bytes is None else f"{_gib(cards.used_bytes)} of {total} used"
    fullest = [f"fullest of {cards.cards}"] if cards.cards > 1 and cards.used_bytes is not None else []
    about = ", ".join(fullest + ([card] if card else []))
    return f"peak {_size(cards.peak_bytes)} a shard, {used}{f' ({about})' if about else ''}"


def _ran_out(without: OutOfMemory, now: datetime, *, is_one_of_many: bool) -> str:
    ago = f"{duration((now - datetime.fromisoformat(without.time)).total_seconds())} ago"
    often = "" if without.times == 1 else f" {_times(without.times)}, last"
    where = f", on {without.machine}" if is_one_of_many and without.machine else ""
    return f"ran out{often} {ago}: shard of {without.replicas} halved, {without.arm}{where}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _size(number: float) -> str:
    return f"{_gib(number)} GiB" if number >= GIB else f"{number / MIB:.0f} MiB"


def _gib(number: float) -> str:
    """A number of bytes in GiB, with a digit after the point below a hundred."""
    return f"{number / GIB:.0f}" if number >= 99.95 * GIB else f"{number / GIB:.1f}"
