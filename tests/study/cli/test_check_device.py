"""The line of ``check`` on the device."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.errors import UserError
from study.cli.check_device import device_in_words, facts_of_device
from tests.study.conftest import tiny


def test_the_cpu_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    facts = facts_of_device(tiny())
    assert (facts["asked"], facts["device"], facts["replicas_at_once"]) == ("auto", "cpu", 32)
    words = device_in_words(facts)
    assert words == f"device: cpu, up to 32 replicas at once in a worker; asked for auto; torch {torch.__version__}"
    assert facts["precision"] == "float32"
    with pytest.raises(UserError, match="there is no GPU"):
        facts_of_device(tiny(device="cuda"))


def test_a_card_is_named() -> None:
    facts: dict[str, Any] = {"asked": "auto", "device": "cuda", "card": "H200", "memory_bytes": 140 * 2**30}
    facts |= {"replicas_at_once": 16, "torch": "2.13.0+cu130", "precision": "float32"}
    assert device_in_words(facts).startswith("device: cuda (H200, 140 GiB), up to 16 replicas")
    rounded = device_in_words(facts | {"precision": "bf16"})
    assert rounded.startswith("device: cuda (H200, 140 GiB), products in bf16, up to 16 replicas")
