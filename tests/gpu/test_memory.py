"""What work takes of a GPU's memory, on a machine that has one."""

from __future__ import annotations

import pytest
import torch

from mtl_core.training.device_memory import DeviceMemory, WorkMemory

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
pytestmark = [pytest.mark.gpu, needs_gpu]

CUDA = torch.device("cuda", 0)
LARGE = 256 * 2**20


def taken(memory: WorkMemory) -> DeviceMemory:
    found = memory.taken()
    assert found is not None
    return found


def test_a_peak_holds_what_was_freed_meanwhile_and_ends_with_the_work() -> None:
    memory = WorkMemory(CUDA)
    memory.begin()
    before = taken(memory)
    block = torch.ones(LARGE, dtype=torch.uint8, device=CUDA)
    held = taken(memory)
    del block
    after = taken(memory)
    assert after.peak_bytes >= before.peak_bytes + LARGE
    assert held.used_bytes is not None
    assert held.peak_bytes <= held.used_bytes <= held.memory_bytes
    memory.begin()
    assert taken(memory).peak_bytes < before.peak_bytes + LARGE, "what earlier work has left is freed"
    assert before.card_id == after.card_id != ""
