"""How a study uses its device, in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from study.driver.watching.device_use import CardsOfMachine, DeviceUse, OutOfMemory, Packed
from study.driver.watching.device_words import (
    MOST_MACHINES,
    device_lines,
    device_text,
    memory_in_short,
    packing_text,
)

GIB = 2**30
NOW = datetime(2026, 1, 1, 0, 3, 10, tzinfo=UTC)
PACKED = Packed("NVIDIA H200", 140 * GIB, 2, 64, 134, 2, 2, {"speed": 1, "memory": 1})
CARDS = CardsOfMachine("gpu-1", "NVIDIA H200", 1, 140 * GIB, 9, int(3.2 * GIB), int(12.9 * GIB))
SHORT = OutOfMemory(1, "2026-01-01T00:00:00.000+00:00", "hard d2 w64 l2 equal adamw", 32, "gpu-1")
USE = DeviceUse("cuda", "float32", PACKED, [CARDS])


def lines(use: DeviceUse, *, brief: bool = True) -> list[str]:
    return device_lines(use, NOW, brief=brief)


def test_one_card_is_named_with_its_packing_its_memory_and_when_it_was_short() -> None:
    assert device_text(USE) == "cuda (NVIDIA H200, 140 GiB)"
    assert device_text(replace(USE, precision="bf16")) == "cuda (NVIDIA H200, 140 GiB), products in bf16"
    use = replace(USE, out_of_memory=SHORT)
    assert lines(use) == [
        "packing  2 shards a card, 64 to 134 replicas a shard, measured",
        "memory   peak 3.2 GiB a shard, 12.9 of 140 GiB used",
        "memory   ran out 3m 10s ago: shard of 32 halved, hard d2 w64 l2 equal adamw",
    ]
    assert lines(replace(use, out_of_memory=replace(SHORT, times=3)))[-1].startswith(
        "memory   ran out 3 times, last 3m 10s ago: shard of 32 halved, hard"
    )
    assert max(map(len, lines(use))) <= 80


def test_why_a_shard_holds_no_more_is_said_where_there_is_room() -> None:
    assert lines(USE, brief=False)[0] == (
        "packing  2 shards a card, 64 to 134 replicas a shard, measured (of 1 network twice as many would hardly be "
        "faster, of 1 network more would not fit into its share of the memory)"
    )
    one = replace(PACKED, shards_a_card=1, fewest=134, limits={"memory": 2})
    why = "more would not fit into its share of the memory"
    assert packing_text(one) == f"1 shard a card, 134 replicas a shard, measured ({why})"


def test_whether_it_was_measured_is_said() -> None:
    assert packing_text(replace(PACKED, networks=5), brief=True).endswith("a shard, 2 of 5 networks measured")
    ruled = replace(PACKED, measured=0, limits={"time": 2})
    assert packing_text(ruled).endswith("by rule (not measured, since that takes too long)")
    lost = Packed("", 0, 4, 32, 32, failure="what was to be measured on a GPU was not: it died")
    assert packing_text(lost) == (
        "4 shards a card, 32 replicas a shard, by rule (what was to be measured on a GPU was not: it died)"
    )
    assert packing_text(lost, brief=True).endswith("by rule")


def test_several_cards_are_counted_and_several_machines_named() -> None:
    several = replace(CARDS, cards=2)
    assert lines(replace(USE, cards=[several]))[1] == (
        "memory   peak 3.2 GiB a shard, 12.9 of 140 GiB used (fullest of 2)"
    )
    two = replace(USE, cards=[several, replace(CARDS, machine="gpu-2")], out_of_memory=SHORT)
    assert lines(two)[1:] == [
        "memory   gpu-1: peak 3.2 GiB a shard, 12.9 of 140 GiB used (fullest of 2)",
        "memory   gpu-2: peak 3.2 GiB a shard, 12.9 of 140 GiB used",
        "memory   ran out 3m 10s ago: shard of 32 halved, hard d2 w64 l2 equal adamw, on gpu-1",
    ]
    assert device_text(two) == device_text(USE), "all are of one model"


def test_cards_of_several_models_are_named_each_and_the_one_that_was_measured() -> None:
    other = replace(CARDS, machine="gpu-2", card="NVIDIA A100-SXM4-80GB", cards=8, memory_bytes=int(79.25 * GIB))
    mixed = replace(USE, cards=[CARDS, other])
    assert device_text(mixed) == "cuda"
    assert lines(mixed) == [
        "packing  2 shards a card, 64 to 134 replicas a shard, measured on NVIDIA H200",
        "memory   gpu-1: peak 3.2 GiB a shard, 12.9 of 140 GiB used (NVIDIA H200)",
        "memory   gpu-2: peak 3.2 GiB a shard, 12.9 of 79.2 GiB used (fullest of 8, NVIDIA A100-SXM4-80GB)",
    ]


def test_of_many_machines_a_screen_shows_the_first_and_sums_up_the_others() -> None:
    many = [replace(CARDS, machine=f"n{number}", used_bytes=number * 10 * GIB) for number in range(8)]
    many[4] = replace(many[4], peak_bytes=int(99.97 * GIB), used_bytes=None)
    use = replace(USE, packing=None, cards=many)
    assert len(lines(use)) == MOST_MACHINES
    assert lines(use)[-1] == "memory   6 other machines: peak 100 GiB a shard, 70.0 of 140 GiB used (fullest of 6)"
    assert len(lines(use, brief=False)) == 8, "status shows all"


def test_small_peaks_and_what_is_not_known() -> None:
    small = replace(CARDS, peak_bytes=410 * 2**20, used_bytes=None)
    assert lines(replace(USE, packing=None, cards=[small])) == ["memory   peak 410 MiB a shard, of 140 GiB"]
    assert lines(DeviceUse("cuda")) == []
    assert device_text(DeviceUse("cuda")) == "cuda"
    assert device_text(DeviceUse("cpu")) == "cpu"


def test_a_log_is_told_the_memory_of_all_machines_in_short() -> None:
    use = replace(USE, cards=[CARDS, replace(CARDS, machine="gpu-2", cards=3)], out_of_memory=replace(SHORT, times=2))
    short = ["memory: peak 3.2 GiB a shard, 12.9 of 140 GiB used (fullest of 4)", "memory ran out 2 times"]
    assert memory_in_short(use) == short
    assert memory_in_short(DeviceUse("cpu")) == []
