"""Formats of data files, one a file: a class that says which suffixes it reads and what such a file holds.

The registry finds a format by its file, as it finds a weighting method.  The modules import what they read with only
when they read, because the command line asks for their suffixes before anything heavy is loaded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class DataFormat(ABC):
    """Base class of the formats, which the registry finds by the stem of their file.

    Attributes:
        suffixes: endings of file names, in small letters and with their dot.
        may_be_compressed: whether ``.gz`` or ``.zst`` may follow a suffix; the bytes are unpacked before they are read.
    """

    suffixes: ClassVar[tuple[str, ...]]
    may_be_compressed: ClassVar[bool] = False

    def stem(self, name: str) -> str | None:
        """Return a file's name without its suffix; ``None`` where this format does not read such a file.

        Args:
            name: of the file, without the suffix of a compression.
        """
        for suffix in self.suffixes:
            if name.lower().endswith(suffix) and len(name) > len(suffix):
                return name[: -len(suffix)]
        return None


class TextFormat(DataFormat):
    """Base class of text tables, whose lines are rows and whose cells are separated by a mark."""

    @abstractmethod
    def delimiter(self) -> str:
        """Return what separates the cells where the study file does not say it."""


class TableFormat(DataFormat):
    """Base class of formats that hold a table with names and types of columns."""

    takes_query: ClassVar[bool] = False

    @abstractmethod
    def table(self, path: Path, query: str | None = None) -> pa.Table:
        """Return the table in the file ``path``.

        Args:
            path: of the file.
            query: which table of a data base, or which rows and columns; only where ``takes_query``.

        Raises:
            UserError: when the file holds no table that can be used.
            OSError, ValueError: when it is not of this format; pyarrow's errors are among them.
        """


class ArrayFormat(DataFormat):
    """Base class of formats that hold arrays with names."""

    @abstractmethod
    def arrays(self, path: Path) -> dict[str, np.ndarray]:
        """Return the arrays in the file ``path`` by name; nothing in it is unpickled.

        Raises:
            UserError: when an array is of a type that is not read.
            OSError, ValueError: when the file is not of this format.
        """
