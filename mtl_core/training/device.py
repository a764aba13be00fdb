"""The device that replicas train on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from mtl_core.errors import UserError

CPU = torch.device("cpu")


def chosen_device(name: str | torch.device) -> torch.device:
    """Return the device called ``name``.

    A GPU is the first one that this process may use: of the numbers in ``CUDA_VISIBLE_DEVICES``, where that is set.

    Args:
        name: ``auto``, or the name of a device as torch knows it.

    Raises:
        UserError: when a GPU is asked for and there is none.
    """
    found = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda", 0) if found else CPU
    device = torch.device(name)
    if device.type == "cuda" and not found:
        raise UserError(
            f"device: {name}",
            f"there is no GPU: {_why_none()}.",
            "Choose cpu or auto, or make a GPU visible to this process.",
        )
    return device


def device_facts(device: torch.device) -> dict[str, Any]:
    """Return what numbers on ``device`` depend on: its type, the card and its driver, and the build of torch.

    ``card``, ``memory_bytes``, ``driver`` and ``cuda`` are ``None`` where there is no card.
    """
    card = torch.cuda.get_device_properties(device) if device.type == "cuda" else None
    return {
        "device": device.type,
        "card": None if card is None else card.name,
        "memory_bytes": None if card is None else card.total_memory,
        "driver": None if card is None else _driver(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
    }


def _driver() -> str | None:
    """The first line that the driver of NVIDIA's cards says about itself; ``None`` where it says nothing."""
    said = Path("/proc/driver/nvidia/version")
    return said.read_text().splitlines()[0] if said.is_file() else None


def _why_none() -> str:
    if torch.version.cuda is None:
        return f"torch {torch.__version__} is built without CUDA"
    return f"torch {torch.__version__} for CUDA {torch.version.cuda} sees none"
