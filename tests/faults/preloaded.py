"""What every driver imports: done once, in the process from which drivers are forked."""

from __future__ import annotations

import study.cli.run
import study.driver.run  # noqa: F401 - imported for its own sake
from mtl_core.registry import KINDS, entries

for kind in KINDS:
    entries(kind)
