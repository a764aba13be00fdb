"""A forecast in words: its time, what that rests on, and numbers of bytes."""

from __future__ import annotations

from typing import Protocol

from study.config.durations import duration

BUSY = 1.25
"""Slowdown from which on a forecast says so."""


class Timed(Protocol):
    """What a forecast says of time: :class:`study.planning.forecast.Forecast`."""

    @property
    def seconds(self) -> float:
        """Wall seconds of all."""
        ...

    @property
    def slowdown(self) -> float:
        """How many times as long all of it takes as on a machine without other programs."""
        ...

    @property
    def device(self) -> str:
        """What the phases' times are those of, ``cpu`` or ``cuda``."""
        ...


def size_text(number: float) -> str:
    """Return a number of bytes as text, such as ``1.5 GB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "bytes" or number >= 10 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def time_text(forecast: Timed, *, on_gpu: bool = False) -> str:
    """Return the time of a forecast as text, such as ``about 2h 05m``, with what it rests on where that is not plain.

    Args:
        forecast: of a study.
        on_gpu: whether the study's replicas are to train on a GPU.
    """
    about = f"about {duration(forecast.seconds)}"
    if forecast.device == "cuda":
        return f"{about} (by what was measured on the GPU)"
    if on_gpu:
        return f"{about} (if processors trained it: no GPU could be measured)"
    if forecast.slowdown < BUSY:
        return about
    return f"{about} (other programs slow this machine down {forecast.slowdown:.1f} times)"
