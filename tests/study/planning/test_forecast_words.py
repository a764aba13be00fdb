"""Forecasts in words."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from study.planning.forecast_words import size_text, time_text


@dataclass(frozen=True)
class Told:
    """What a forecast says of time."""

    seconds: float
    slowdown: float = 1.0
    device: str = "cpu"


@pytest.mark.parametrize(
    ("number", "text"), [(5, "5 bytes"), (1500, "1.5 kB"), (25e6, "25 MB"), (3.2e9, "3.2 GB"), (7e12, "7.0 TB")]
)
def test_sizes_for_people(number: float, text: str) -> None:
    assert size_text(number) == text


@pytest.mark.parametrize(
    ("forecast", "on_gpu", "text"),
    [
        (Told(7500), False, "about 2h 05m"),
        (Told(7500, 1.2), False, "about 2h 05m"),
        (Told(7500, 3.0), False, "about 2h 05m (other programs slow this machine down 3.0 times)"),
        (Told(7500, 1.0, "cuda"), True, "about 2h 05m (by what was measured on the GPU)"),
        (Told(7500), True, "about 2h 05m (if processors trained it: no GPU could be measured)"),
    ],
)
def test_a_time_says_what_it_rests_on_where_that_is_not_plain(forecast: Told, on_gpu: bool, text: str) -> None:
    assert time_text(forecast, on_gpu=on_gpu) == text
