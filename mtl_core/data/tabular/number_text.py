"""Numbers as text that tells any two of them apart."""

from __future__ import annotations

import numpy as np

WHOLE_UP_TO = 1e16


def exact_text(number: float | np.floating) -> str:
    """The shortest text from which ``number`` is read back exactly, in the precision of its type.

    Whole numbers have no decimal point, so that 7 and 7.0 are one category.
    """
    if float(number) == round(float(number)) and abs(float(number)) < WHOLE_UP_TO:
        return str(int(number))
    return str(number)


def numerically(name: str) -> tuple[int, float, str]:
    """Return a key that sorts names as numbers where they are numbers, and by their letters behind these."""
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)
