"""How a text file is written: its delimiter, decimal marks and encoding."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mtl_core.data.files.by_name import format_of
from mtl_core.data.formats import TextFormat
from mtl_core.errors import UserError


@dataclass(frozen=True)
class CsvFormat:
    """How a text file is written.

    Args:
        delimiter: what separates the columns; ``None``: a tab in files that end in ``.tsv``, else a comma.
        decimal: the decimal mark; where columns differ, that of each by name, and a point in all others.
        encoding: name of the character encoding, as Python knows it.
    """

    delimiter: str | None = None
    decimal: str | Mapping[str, str] = "."
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        marks = {"decimal": self.decimal} if isinstance(self.decimal, str) else self.decimal
        for name, value in (("delimiter", self.delimiter), *marks.items()):
            if value is not None and (not isinstance(value, str) or len(value) != 1 or not value.isascii()):
                raise UserError(f"table: csv.{name}", f"it is {str(value)[:20]!r}.", "Write one character, as in ';'.")
        try:
            codecs.lookup(self.encoding)
        except (LookupError, ValueError):
            found = f"{self.encoding[:40]!r} is no encoding."
            raise UserError("table: encoding", found, "Write utf-8, latin-1 or utf-16.") from None

    def delimiter_of(self, path: Path) -> str:
        """Return what separates the columns of the text file ``path``."""
        own = format_of(path)
        return self.delimiter or (own.delimiter() if isinstance(own, TextFormat) else ",")

    def decimal_of(self, column: str) -> str:
        """Return the decimal mark of a column."""
        return self.decimal if isinstance(self.decimal, str) else self.decimal.get(column, ".")

    @property
    def columns_named(self) -> tuple[str, ...]:
        """The columns that have a decimal mark of their own."""
        return () if isinstance(self.decimal, str) else tuple(self.decimal)

    @property
    def is_utf8(self) -> bool:
        """Whether the encoding is UTF-8."""
        return codecs.lookup(self.encoding).name in ("utf-8", "utf-8-sig")
