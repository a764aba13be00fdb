"""Names of the registry, known without importing what they name."""

from __future__ import annotations

import pytest

from mtl_core.registry import KINDS, entries
from study.config import registered_names


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_names_are_the_registrys(kind: str) -> None:
    assert registered_names.names(kind) == tuple(entries(kind))
