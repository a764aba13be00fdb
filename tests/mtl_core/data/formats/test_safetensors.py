"""Safetensors files, those of bfloat16 among them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mtl_core.data.formats.safetensors import Safetensors
from mtl_core.errors import UserError


def test_tensors_are_arrays(tmp_path: Path) -> None:
    save_file({"x": torch.ones(3, 2, dtype=torch.bfloat16), "y": torch.arange(3)}, tmp_path / "t.safetensors")
    found = Safetensors().arrays(tmp_path / "t.safetensors")
    assert found["x"].tolist() == [[1, 1]] * 3
    assert found["y"].tolist() == [0, 1, 2]


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(UserError, match="cannot be read"):
        Safetensors().arrays(tmp_path / "t.safetensors")
