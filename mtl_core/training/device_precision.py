"""How a GPU makes products of float32 numbers: in float32, or in TF32 where a recipe asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from mtl_core.errors import UserError
from mtl_core.network.feasibility import why_not_in_precision
from mtl_core.recipe import Precision, Recipe


def check_precision(recipe: Recipe, device: torch.device) -> None:
    """Refuse a precision that the device or the network does not have.

    ``bf16`` is accepted on every device; on a CPU it is slower than float32.

    Args:
        recipe: what is to be trained.
        device: where.

    Raises:
        UserError: when it is ``tf32`` and the device is no GPU, or ``bf16`` and the backbone has layers of its own.
    """
    where = f"precision: {recipe.precision}"
    if recipe.precision == "tf32" and device.type != "cuda":
        found = f"only GPUs multiply in TF32, and the device is {device.type}."
        raise UserError(where, found, "Choose float32, or train on a GPU.")
    if (why := why_not_in_precision(recipe)) is not None:
        raise UserError(where, f"{why}.", "Choose float32 or tf32, or another backbone.")


@contextmanager
def products_on(device: torch.device, precision: Precision) -> Iterator[None]:
    """Let a GPU make products of float32 matrices, and convolutions, in TF32 inside the block, or in float32.

    Whatever the process had set is put back afterwards.  PyTorch's own default is TF32 for convolutions, and sums of
    bfloat16 products may be rounded to bfloat16 before the last; neither holds inside the block unless it is asked for.
    Nothing is set for other devices.

    Args:
        device: where the block computes.
        precision: ``tf32``; any other is float32 for what is not rounded to bfloat16 by the layers.
    """
    if device.type != "cuda":
        yield
        return
    settings = _settings(precision == "tf32")
    before = [getattr(owner, name) for owner, name, _ in settings]
    try:
        for owner, name, value in settings:
            setattr(owner, name, value)
        yield
    finally:
        for (owner, name, _), value in zip(settings, before, strict=True):
            setattr(owner, name, value)


def _settings(tf32: bool) -> list[tuple[Any, str, Any]]:
    """Owner, name and value of the settings of PyTorch that decide it; the newer ones are there since PyTorch 2.9."""
    matrices, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    sums = (matrices, "allow_bf16_reduced_precision_reduction", False)
    if not hasattr(cudnn, "conv"):
        return [(matrices, "allow_tf32", tf32), (cudnn, "allow_tf32", tf32), sums]
    owners = (matrices, cudnn.conv, cudnn.rnn)  # type: ignore[attr-defined]
    return [*((owner, "fp32_precision", "tf32" if tf32 else "ieee") for owner in owners), sums]
