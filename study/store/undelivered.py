"""The error of a worker whose files do not reach the run directory."""

from __future__ import annotations


class Undelivered(OSError):
    """The machine that holds the run directory did not answer a worker, however often it was asked."""
