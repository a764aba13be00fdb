"""What work takes of a GPU's memory: what is asked of torch, and what becomes of a card that has failed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mtl_core.training.device_memory import DeviceMemory, WorkMemory

CARD, CPU = torch.device("cuda", 0), torch.device("cpu")
PROPERTIES = SimpleNamespace(name="H200", uuid="af08-1", total_memory=90)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What torch was asked for, of a card of 80 usable bytes of which 10 are free, 7 being the peak of this process."""
    found: list[str] = []

    def answering(name: str, answer: Any) -> None:
        def answered(device: torch.device | None = None) -> Any:
            assert device in (None, CARD)
            found.append(name)
            return answer

        monkeypatch.setattr(torch.cuda, name, answered)

    answering("init", None)
    answering("empty_cache", None)
    answering("reset_peak_memory_stats", None)
    answering("max_memory_reserved", 7)
    answering("mem_get_info", (10, 80))
    answering("get_device_properties", PROPERTIES)
    return found


def test_a_peak_is_that_of_the_work_alone(asked: list[str]) -> None:
    memory = WorkMemory(CARD)
    assert memory.taken() is None, "it has not begun"
    memory.begin()
    assert asked == ["init", "empty_cache", "reset_peak_memory_stats"]
    assert memory.taken() == DeviceMemory("H200", "af08-1", 90, 7, 70)


def test_a_card_that_has_failed_still_tells_the_peak(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(device: torch.device) -> Any:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    memory = WorkMemory(CARD)
    memory.begin()
    monkeypatch.setattr(torch.cuda, "mem_get_info", failing)
    assert memory.taken() == DeviceMemory("H200", "af08-1", 90, 7, None)


def test_of_a_cpu_nothing_is_asked_and_nothing_told(asked: list[str]) -> None:
    memory = WorkMemory(CPU)
    memory.begin()
    assert memory.taken() is None
    assert asked == []
