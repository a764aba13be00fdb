"""Which format reads a file, by the file's name; formats are found by the registry."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeVar

from mtl_core import registry
from mtl_core.data.formats import ArrayFormat, DataFormat, TableFormat, TextFormat
from mtl_core.data.reading.compression import CODECS, without_compression

Format = TypeVar("Format", bound=DataFormat)
TABLES = (TextFormat, TableFormat)


@cache
def formats() -> tuple[DataFormat, ...]:
    """Return an instance of every format, in alphabetical order of their names."""
    return tuple(entry.cls() for entry in registry.entries("formats").values())


def format_of(path: Path | str) -> DataFormat | None:
    """Return the format that reads the file of this name; ``None``: none does."""
    return _format_and_stem(Path(path).name)[0]


def stem_of(path: Path | str) -> str:
    """Return the name of a data file without its suffixes: ``shop`` of ``shop.csv.gz``."""
    return _format_and_stem(Path(path).name)[1]


def _format_and_stem(name: str) -> tuple[DataFormat | None, str]:
    plain = without_compression(name)
    for one in formats():
        if plain != name and not one.may_be_compressed:
            continue
        if (stem := one.stem(plain)) is not None:
            return one, stem
    return None, Path(name).stem


def holds_table(path: Path | str) -> bool:
    """Whether a file of this name holds a table."""
    return isinstance(format_of(path), TABLES)


def holds_arrays(path: Path | str) -> bool:
    """Whether a file of this name holds arrays."""
    return isinstance(format_of(path), ArrayFormat)


def names_file(value: str | None) -> bool:
    """Whether ``test`` or ``validation`` names a file or a folder and no column."""
    return value is not None and "\0" not in value and (holds_table(value) or Path(value).is_absolute())


def suffixes(*kinds: type[DataFormat]) -> tuple[str, ...]:
    """Return the suffixes of all formats of some kinds, those of compressed files behind each.

    Args:
        kinds: base classes of formats, such as :data:`TABLES`.
    """
    found: list[str] = []
    for one in formats():
        if isinstance(one, kinds):
            found += one.suffixes
            found += [f"{one.suffixes[0]}{packed}" for packed in CODECS if one.may_be_compressed]
    return tuple(found)
