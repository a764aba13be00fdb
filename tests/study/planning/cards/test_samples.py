"""What follows from samples, and that nothing but samples is read as such."""

from __future__ import annotations

import json
from typing import Any

import pytest

from study.planning.cards.samples import Measured, Rows, Sample

SAMPLES = (Sample(4, 140.0, 2.0), Sample(8, 180.0, 2.0), Sample(16, 260.0, 3.0))
MEASURED = Measured(SAMPLES, "speed", 1000.0)


@pytest.mark.parametrize(("rows", "seconds"), [(1, 2.0), (4, 2.0), (6, 2.0), (12, 2.5), (16, 3.0), (24, 4.0)])
def test_seconds_lie_on_straight_lines(rows: int, seconds: float) -> None:
    assert MEASURED.seconds(rows) == seconds


def test_what_a_row_takes_follows_from_the_two_largest() -> None:
    assert (MEASURED.row_bytes, MEASURED.fixed_bytes, MEASURED.row_seconds) == (10.0, 100.0, 0.125)
    alone = Measured(SAMPLES[:1], "replicas", 1000.0)
    assert (alone.row_bytes, alone.fixed_bytes, alone.row_seconds) == (35.0, 0.0, 0.5)


def test_memory_that_does_not_grow_is_counted_by_the_row() -> None:
    same = Measured([Sample(4, 100.0, 1.0), Sample(8, 100.0, 1.0)], "time", 1000.0)
    assert (same.row_bytes, same.fixed_bytes) == (12.5, 0.0)


@pytest.mark.parametrize(
    ("share", "most", "rows"),
    [
        (1000.0, 99, Rows(8, "speed")),
        (1000.0, 5, Rows(5, "replicas")),
        (165.0, 99, Rows(6, "memory")),
        (50.0, 99, Rows(1, "memory")),
    ],
)
def test_rows_are_the_least_of_what_speed_memory_and_the_study_allow(share: float, most: int, rows: Rows) -> None:
    assert MEASURED.rows(share, most) == rows


def test_when_measuring_again_would_teach_nothing() -> None:
    assert MEASURED.covers(9999, 5000.0)
    small = Measured(SAMPLES, "replicas", 1000.0)
    assert small.covers(16, 5000.0)
    assert not small.covers(17, 1000.0)
    tight = Measured(SAMPLES, "memory", 1000.0)
    assert tight.covers(9999, 1050.0)
    assert not tight.covers(9999, 1500.0), "more of the memory is free now"


def test_samples_come_back_from_json() -> None:
    for measured in (MEASURED, Measured(SAMPLES, "memory", 1000.0, too_many=20)):
        again = Measured.of(json.loads(json.dumps(measured.facts())))
        assert again.facts() == measured.facts()
        assert again.rows(1000.0, 99) == measured.rows(1000.0, 99)


def test_what_setting_up_takes_is_that_of_the_largest_and_nothing_where_an_earlier_version_did_not_say() -> None:
    measured = Measured([Sample(4, 1.0, 1.0, 9.0, 8.0), Sample(8, 2.0, 1.0, 0.5, 0.25, 0.125)], "speed", 1000.0)
    facts = json.loads(json.dumps(measured.facts()))
    for found in (measured, Measured.of(facts)):
        assert (found.set_up, found.row_set_up, found.seed_set_up) == (0.5, 0.25, 0.125)
    for sample in facts["samples"]:
        del sample["set_up"], sample["row_set_up"], sample["seed_set_up"]
    earlier = Measured.of(facts)
    assert (earlier.set_up, earlier.row_set_up, earlier.seed_set_up) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    "change",
    [
        {"samples": []},
        {"samples": None},
        {"samples": [{"rows": 4}]},
        {"samples": [{"rows": 8, "bytes": 1, "seconds": 1}, {"rows": 4, "bytes": 1, "seconds": 1}]},
        {"samples": [{"rows": 4, "bytes": 1, "seconds": 0}]},
        {"samples": [{"rows": 4, "bytes": float("nan"), "seconds": 1}]},
        {"samples": [{"rows": 4, "bytes": "many", "seconds": 1}]},
        {"samples": [{"rows": 4, "bytes": 1, "seconds": 1, "set_up": -1}]},
        {"limit": "mood"},
        {"limit": ["speed"]},
        {"free_bytes": None},
        {"too_many": "three"},
    ],
)
def test_anything_else_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Measured.of(MEASURED.facts() | change)
    facts = MEASURED.facts()
    del facts["limit"]
    with pytest.raises(ValueError, match="no samples"):
        Measured.of(facts)
