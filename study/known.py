"""The names that the registry would find, without importing what they name (which costs seconds of torch)."""

from __future__ import annotations

import importlib.util
import pkgutil
from functools import cache
from pathlib import Path

from mtl_core.registry import KINDS

OPTIMISERS = ("adamw", "sgd")
PRESETS = Path(__file__).parent / "presets"


@cache
def names(kind: str) -> tuple[str, ...]:
    """The names of ``kind``: a key of the registry's kinds, ``optimisers`` or ``presets``."""
    if kind == "optimisers":
        return OPTIMISERS
    if kind == "presets":
        return tuple(sorted(path.stem for path in PRESETS.glob("*.yaml")))
    found = importlib.util.find_spec(KINDS[kind][0])
    locations = found.submodule_search_locations if found else None
    return tuple(sorted(module.name for module in pkgutil.iter_modules(locations or []) if not module.ispkg))
