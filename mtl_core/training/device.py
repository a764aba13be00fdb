"""The device that replicas train on."""

from __future__ import annotations

from typing import Literal

import torch

from mtl_core.errors import UserError

DeviceName = Literal["auto", "cpu", "cuda"]
"""What a user may ask for: ``auto`` is the first GPU that this process may use, else the CPU."""

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
            f"finds no GPU: {_why_none()}.",
            "Choose cpu or auto, or make a GPU visible to this process.",
        )
    return device


def _why_none() -> str:
    if torch.version.cuda is None:
        return f"torch {torch.__version__} is built without CUDA"
    return f"torch {torch.__version__} for CUDA {torch.version.cuda} sees none"
