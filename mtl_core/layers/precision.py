"""The precision in which the layers of a network make their products."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ROUNDED = ContextVar("factors of products are rounded to bfloat16", default=False)


@contextmanager
def products_in(precision: str) -> Iterator[None]:
    """Let layers that are called inside the block make their products in ``precision``.

    With ``bf16`` the factors of matrix products and convolutions are rounded to bfloat16, which has 8 significant bits,
    and summed up in float32; the backward pass of what was computed inside the block rounds too, wherever it runs.
    Other precisions round no factors here: TF32 is a setting of the device, see
    :func:`mtl_core.training.device_precision.products_on`.

    Args:
        precision: one of :data:`mtl_core.recipe.Precision`.
    """
    before = _ROUNDED.set(precision == "bf16")
    try:
        yield
    finally:
        _ROUNDED.reset(before)


def factors_are_rounded() -> bool:
    """Return whether layers are to round the factors of their products to bfloat16."""
    return _ROUNDED.get()
