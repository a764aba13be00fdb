"""The meter of a GPU: what it asks of torch, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.training.device_meter import CardMeter

DEVICE = torch.device("cuda", 0)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What torch was asked for, of a card that has 10 bytes free beside 7 that torch holds."""
    found: list[str] = []

    def answering(name: str, answer: Any) -> None:
        def answered(device: torch.device | None = None) -> Any:
            assert device in (None, DEVICE)
            found.append(name)
            return answer

        monkeypatch.setattr(torch.cuda, name, answered)

    answering("mem_get_info", (10, 80))
    answering("memory_reserved", 7)
    answering("empty_cache", None)
    answering("reset_peak_memory_stats", None)
    answering("max_memory_reserved", 5)
    answering("synchronize", None)
    return found


def test_free_is_what_nobody_holds_and_what_torch_holds_here(asked: list[str]) -> None:
    assert CardMeter(DEVICE).free_bytes() == 17


def test_the_clock_is_read_when_the_card_is_done(asked: list[str]) -> None:
    def clock() -> float:
        asked.append("clock")
        return 3.0

    assert CardMeter(DEVICE, clock).seconds() == 3.0
    assert asked == ["synchronize", "clock"]


def test_a_peak_begins_once_the_cache_is_empty(asked: list[str]) -> None:
    meter = CardMeter(DEVICE)
    meter.forget_peak()
    assert asked == ["empty_cache", "reset_peak_memory_stats"]
    assert meter.peak_bytes() == 5
