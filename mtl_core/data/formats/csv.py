"""Comma-separated values."""

from __future__ import annotations

from mtl_core.data.formats import TextFormat


class Csv(TextFormat):
    """Text with a header line and cells separated by commas, or as ``csv:`` of the study file says.

    Source: Y. Shafranovich, "Common Format and MIME Type for Comma-Separated Values (CSV) Files", RFC 4180, 2005.
    """

    suffixes = (".csv",)
    may_be_compressed = True

    def delimiter(self) -> str:
        """Return a comma."""
        return ","
