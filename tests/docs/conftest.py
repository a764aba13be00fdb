"""Studies are checked, run, reported and exported here in short."""

from __future__ import annotations

from tests.short_trials import short_trials  # noqa: F401 - fixtures that are used everywhere in this folder
from tests.svg_alone import svg_alone  # noqa: F401
from tests.traced_once import traced_once  # noqa: F401
