"""Names of the registry, without importing what they name; and those of optimisers and presets."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mtl_core import registry

OPTIMISERS = ("adamw", "sgd")
STRATEGIES = "strategies"
PRESETS = Path(__file__).parent.parent / "presets"

registry.add_kind(STRATEGIES, "study.planning.strategies", "Strategy")


@cache
def names(kind: str) -> tuple[str, ...]:
    """Return the names of ``kind``: a kind of the registry, ``optimisers`` or ``presets``."""
    if kind == "optimisers":
        return OPTIMISERS
    if kind == "presets":
        return tuple(sorted(path.stem for path in PRESETS.glob("*.yaml")))
    return registry.names(kind)
