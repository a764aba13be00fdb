"""Studies are checked and run here without long trials of their networks."""

from __future__ import annotations

from tests.short_trials import short_trials  # noqa: F401 - a fixture that is used everywhere in this folder
