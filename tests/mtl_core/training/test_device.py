"""The device by name, and what is said where there is none."""

from __future__ import annotations

import pytest
import torch

from mtl_core.errors import UserError
from mtl_core.training.device import CPU, chosen_device


def test_auto_takes_a_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert chosen_device("auto") == chosen_device("cpu") == CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert chosen_device("auto") == torch.device("cuda", 0)
    assert chosen_device("cuda").type == "cuda"
    assert chosen_device("cpu") == CPU
    assert chosen_device(torch.device("meta")).type == "meta"


def test_a_gpu_that_is_not_there_is_an_error_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(UserError, match=r"device: cuda: there is no GPU: .*without CUDA.*Choose cpu or"):
        chosen_device("cuda")
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    with pytest.raises(UserError, match=r"for CUDA 12\.8 sees none"):
        chosen_device("cuda")
