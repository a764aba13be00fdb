"""Lengths of time, read and written."""

from __future__ import annotations

import math

import pytest

from study.config.durations import duration, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45s", 45),
        ("90m", 5400),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("90", 90),
        ("1d 2h", 93600),
        (" 2h ", 7200),
    ],
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "soon", "-2h", "2 weeks", "2h!", "1e3", "٣h", "9" * 50, "2h30"])
def test_what_is_no_length_of_time(text: str) -> None:
    assert math.isnan(seconds_of(text))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (8.4, "8s"), (59.6, "1m 00s"), (200, "3m 20s"), (7500, "2h 05m"), (273600, "3d 04h")],
)
def test_durations_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text
