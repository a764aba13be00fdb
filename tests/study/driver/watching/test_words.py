"""Progress in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from study.driver.watching.counts import Counts
from study.driver.watching.pace import TimeLeft
from study.driver.watching.progress import ENDED, SCORE, StudyProgress
from study.driver.watching.words import MOST_LINES, failure_lines, head_of, line_of, lines_of, rest_of
from tests.study.driver.watching.test_device_words import CARDS, SHORT, USE

COUNTS = Counts({"search": 3, "confirm": 0}, {"search": 40, "confirm": 9}, 0.25, {"ValueError: x": 2}, 1)
PROGRESS = StudyProgress(
    "search", COUNTS, 60.0, TimeLeft(120.0, 1.5), [("hard d1", 0.5)], [("hard d2", 61.2)], 2, per_minute=12.0
)


def test_a_crowded_display_fits_twenty_five_lines_and_the_width() -> None:
    crowded = replace(
        PROGRESS,
        running=[(f"arm {number} " * 20, 0.5) for number in range(64)],
        best=[("b" * 300, 1.0)] * 5,
        counts=replace(COUNTS, failed={f"\x1b[31mreason {number}\n": 1 for number in range(9)}),
        machines={f"node-{number}": (1, 2) for number in range(40)},
        waiting="the last shards of search: 2 of 14",
        study="one",
        of=3,
        workers=64,
    )
    lines = lines_of(crowded, 80)
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= 80
    assert not any("\x1b" in line or "\n" in line for line in lines)
    assert "diverged" in lines[-1], "nothing is cut off at the end"


def test_a_crowded_display_of_many_cards_fits_twenty_five_lines() -> None:
    """What GPUs take the place of: shards first, then leading arms; both are shown all the same."""
    crowded = replace(
        PROGRESS,
        running=[("hard d1", 0.5)] * 64,
        best=[("hard d2", 1.0)] * 5,
        counts=Counts(
            dict.fromkeys(("search", "confirm", "verdict"), 1), dict.fromkeys(("search", "confirm", "verdict"), 9), 0.5,
            {f"reason {number}": 1 for number in range(9)}, 1,
        ),
        machines={f"node-{number}": (1, 2) for number in range(40)},
        waiting="the last shards of search: 2 of 14",
        study="one",
        of=3,
    )  # fmt: skip
    assert len(lines_of(crowded, 80)) == MOST_LINES
    cards = [replace(CARDS, machine=f"node-{number}") for number in range(40)]
    on_cards = replace(crowded, use=replace(USE, cards=cards, out_of_memory=SHORT))
    lines = lines_of(on_cards, 80)
    assert len([*head_of(on_cards), "", *rest_of(on_cards)]) == len(lines) == MOST_LINES
    assert sum(line.startswith("memory") for line in lines) == 4
    assert sum("hard d1" in line for line in lines) == 2
    assert sum("hard d2" in line for line in lines) == 3 + 1, "one of them in the line on memory"


def test_the_display_names_the_card_its_packing_and_its_memory_and_the_log_the_memory() -> None:
    on_card = replace(PROGRESS, use=replace(USE, out_of_memory=replace(SHORT, time="2999-01-01T00:00:00.000+00:00")))
    assert lines_of(on_card, 80)[3:9] == [
        "1 of 2 workers busy, 12 replicas a minute",
        "device   cuda (NVIDIA H200, 140 GiB)",
        "packing  2 shards a card, 64 to 134 replicas a shard, measured",
        "memory   peak 3.2 GiB a shard, 12.9 of 140 GiB used",
        "memory   ran out 0s ago: shard of 32 halved, hard d2 w64 l2 equal adamw",
        "   50%  hard d1",
    ]
    said = line_of(on_card)
    assert said.endswith("memory: peak 3.2 GiB a shard, 12.9 of 140 GiB used, memory ran out once")


def test_the_display_names_phases_share_pace_workers_arms_and_failures() -> None:
    assert lines_of(PROGRESS, 80) == [
        "search    3 of at most 40 replicas",
        "confirm   0 of at most 9 replicas",
        " 25%  1m 20s to 3m 00s left",
        "1 of 2 workers busy on cpu, 12 replicas a minute",
        "   50%  hard d1",
        "best mean validation skill so far, in points, of arms with every task seen",
        "   61.2  hard d2",
        "failed   2 replicas: ValueError: x",
        "diverged 1 replicas",
    ]


def test_a_line_says_the_same_for_a_log() -> None:
    assert line_of(PROGRESS) == (
        "search: 3 of at most 40 replicas, 25% of the study, 1m 20s to 3m 00s left, 12 replicas a minute, "
        "best mean skill so far hard d2 (61.2), 2 replicas failed (ValueError: x), 1 diverged"
    )
    bare = replace(PROGRESS, left=None, best=[], per_minute=None, counts=replace(COUNTS, failed={}, diverged=0))
    assert line_of(bare) == "search: 3 of at most 40 replicas, 25% of the study"


@pytest.mark.parametrize("phase", [SCORE, ENDED])
def test_what_comes_after_training_is_said_below_the_phases(phase: str) -> None:
    after = replace(PROGRESS, phase=phase)
    assert [line.split()[0] for line in lines_of(after, 80)[:3]] == ["search", "confirm", phase]
    assert line_of(after).startswith(f"{phase}: ")


def test_machines_are_named_and_the_many_are_summed_up() -> None:
    some = replace(PROGRESS, machines={"gpu-1": (1, 4), "gpu-2": (0, 2)})
    assert "  gpu-1 1 of 4, gpu-2 0 of 2" in lines_of(some, 80)
    many = replace(PROGRESS, machines={f"n{number}": (1, 2) for number in range(10)})
    assert "  n0 1 of 2, n1 1 of 2, n2 1 of 2, n3 1 of 2, 6 other machines 6 of 12" in lines_of(many, 80)


def test_what_is_waited_for_is_shown_everywhere() -> None:
    waiting = replace(PROGRESS, waiting="a machine that can train", workers=0)
    assert line_of(waiting).endswith("waiting for a machine that can train")
    assert "waiting for a machine that can train" in lines_of(waiting, 80)
    assert "waiting" not in line_of(PROGRESS)


def test_a_suite_says_which_study_this_is_and_what_is_left_in_all() -> None:
    suite = replace(PROGRESS, study="one", of=3, left_in_all=TimeLeft(600.0))
    assert line_of(suite).startswith("one (1 of 3), search: ")
    assert "1m 20s to 3m 00s left, about 10m 00s with the studies after it" in line_of(suite)
    assert lines_of(suite, 80)[0] == "one (1 of 3)"
    assert "with the studies after it" not in line_of(replace(suite, number=3)), "it is the last"


def test_rare_reasons_are_summed_up() -> None:
    failed = {"a": 9, "b": 8, "c": 7, "d": 2, "e": 1}
    counts = replace(COUNTS, failed=failed, diverged=0)
    assert failure_lines(counts)[-1] == "failed   3 replicas for other reasons; mtl-study status names them"
    assert len(failure_lines(counts, most=5)) == 5
    assert "27 replicas failed (mostly a)" in line_of(replace(PROGRESS, counts=counts))
