"""Tab-separated values."""

from __future__ import annotations

from mtl_core.data.formats import TextFormat


class Tsv(TextFormat):
    """Text with a header line and cells separated by tabs.

    Source: –
    """

    suffixes = (".tsv",)
    may_be_compressed = True

    def delimiter(self) -> str:
        """Return a tab."""
        return "\t"
