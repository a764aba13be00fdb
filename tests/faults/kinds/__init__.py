"""The kinds of faults, one a file; each is found by its file's name.

A module has a docstring whose first line says what happens, ``TRIALS``, the number of trials of the whole,
``trial(lab)``, which makes one, and, where it must not run in the ordinary suite, ``WHY_APART``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.lab import Lab
from tests.faults.trial import Trial


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Args:
        name: stem of its file.
        what: what happens.
        trials: number of trials of the whole.
        trial: makes one trial.
        why_apart: why it is no part of the ordinary suite; empty: it is.
    """

    name: str
    what: str
    trials: int
    trial: Callable[[Lab], Trial]
    why_apart: str


def kinds() -> list[Kind]:
    """Return all kinds in the order of their names."""
    return [_kind(found.name) for found in pkgutil.iter_modules(__path__)]


def _kind(name: str) -> Kind:
    module = importlib.import_module(f"{__name__}.{name}")
    what = (module.__doc__ or "").splitlines()[0].rstrip(".")
    return Kind(name, what, module.TRIALS, module.trial, getattr(module, "WHY_APART", ""))
