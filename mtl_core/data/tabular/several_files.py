"""Several files that make one table: the same columns in each, and one type for each column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mtl_core.data.files.by_name import format_of
from mtl_core.data.tabular.column_names import without_blanks_around
from mtl_core.data.tabular.csv_format import CsvFormat
from mtl_core.data.tabular.text_file import TextFile
from mtl_core.errors import UserError

MOST_SHOWN = 5


@dataclass(frozen=True)
class TextFiles:
    """The contents of several text files with the same columns, which are read like a single :class:`TextFile`.

    Args:
        files: in the order of their rows.
        headers: names of each file's columns, as the file writes them.
    """

    files: Sequence[TextFile]
    headers: Sequence[Sequence[str]]

    @property
    def path(self) -> Path:
        """Path of the first file."""
        return self.files[0].path

    @property
    def written(self) -> CsvFormat:
        """How the files are written."""
        return self.files[0].written

    def texts(self, names: Sequence[str], *, keep_null_words: bool = False) -> pa.Table:
        """Return columns of all files as the text of their cells, as :meth:`TextFile.texts` does."""
        parts = []
        for file, own in zip(self.files, self._own_names(names), strict=True):
            part = file.texts(own, keep_null_words=keep_null_words)
            parts.append(part.rename_columns(list(names)))
        return pa.concat_tables(parts)

    def joined(self, tables: Sequence[pa.Table]) -> pa.Table:
        """Return the rows of all files, with the type for each column that one file with all rows would have.

        Args:
            tables: of each file, with the types of its own rows.
        """
        names, owned = tables[0].column_names, self._own_names(tables[0].column_names)
        parts = [table.select(own).rename_columns(names) for table, own in zip(tables, owned, strict=True)]
        for place, name in enumerate(names):
            own = [mine[place] for mine in owned]
            columns = self._alike([part.column(place) for part in parts], own)
            parts = [part.set_column(place, name, one) for part, one in zip(parts, columns, strict=True)]
        return pa.concat_tables(parts)

    def _alike(self, columns: Sequence[pa.ChunkedArray], own: Sequence[str]) -> Sequence[pa.ChunkedArray]:
        """Return a column of every file in one type; ``own`` is how each file writes its name."""
        *likely, last = _common_types({column.type for column in columns})
        for stored in likely:
            try:
                return self._in_type(columns, own, stored)
            except pa.ArrowInvalid:  # the cells of some file are not of this type: the next one is more general
                continue
        return self._in_type(columns, own, last)

    def _in_type(
        self, columns: Sequence[pa.ChunkedArray], own: Sequence[str], stored: pa.DataType
    ) -> list[pa.ChunkedArray]:
        return [
            column if column.type == stored else file.columns_as({name: stored}).column(name)
            for file, column, name in zip(self.files, columns, own, strict=True)
        ]

    def _own_names(self, names: Sequence[str]) -> list[list[str]]:
        """Return, for each file, how it writes the names that the first file writes as ``names``."""
        own = [{without_blanks_around(name): name for name in header} for header in self.headers]
        return [[mine[without_blanks_around(name)] for name in names] for mine in own]


def refuse_different_columns(tables: Sequence[pa.Table], paths: Sequence[Path]) -> None:
    """Refuse files that are not of one kind, or whose columns have other names than those of the first.

    Raises:
        UserError: naming the file and the columns.
    """
    first = [without_blanks_around(name) for name in tables[0].column_names]
    for table, path in zip(tables, paths, strict=True):
        if format_of(path) is not format_of(paths[0]):
            found = f"it is of another format than {paths[0].name}."
            raise UserError(str(path), found, "Write both in one format.")
        names = [without_blanks_around(name) for name in table.column_names]
        lacking, further = (_shown(set(one) - set(other)) for one, other in ((first, names), (names, first)))
        if lacking or further:
            found = "; ".join(
                [f"it lacks {lacking}"] * bool(lacking) + [f"it has {further} beside them"] * bool(further)
            )
            advice = "Give all files the same columns; a column of a file may be empty."
            raise UserError(str(path), f"its columns are not those of {paths[0].name}: {found}.", advice)


def joined_values(tables: Sequence[pa.Table], paths: Sequence[Path]) -> pa.Table:
    """Return the rows of tables whose columns have types already, such as those of Parquet files.

    Raises:
        UserError: when a column has types in two files that no type holds together.
    """
    names = tables[0].column_names
    own = [{without_blanks_around(name): name for name in table.column_names} for table in tables]
    clean = [without_blanks_around(name) for name in names]
    parts = [
        _without_dictionaries(table.select([mine[name] for name in clean]).rename_columns(names))
        for table, mine in zip(tables, own, strict=True)
    ]
    for part, path in zip(parts, paths, strict=True):
        for name in names:
            types = [one.schema.field(name).type for one in (parts[0], part)]
            try:
                pa.unify_schemas([pa.schema([(name, one)]) for one in types], promote_options="permissive")
            except pa.ArrowException:
                found = f"holds {types[1]}, and {types[0]} in {paths[0].name}."
                raise UserError(f"{path}: column {name!r}", found, "Store both alike.") from None
    metadata = tables[0].schema.metadata
    return pa.concat_tables(parts, promote_options="permissive").replace_schema_metadata(metadata)


def _without_dictionaries(table: pa.Table) -> pa.Table:
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(field.type.value_type))
    return table


def _common_types(types: set[pa.DataType]) -> list[pa.DataType]:
    """Return the types of which Arrow would infer the first that the cells of all files have; text holds any cell."""
    known = {one for one in types if not pa.types.is_null(one)}
    if len(known) <= 1:
        return [next(iter(known), pa.null())]
    if all(pa.types.is_integer(one) or pa.types.is_floating(one) for one in known):
        return [pa.float64(), pa.string()]
    if all(pa.types.is_integer(one) or pa.types.is_boolean(one) for one in known):
        return [pa.bool_(), pa.string()]  # 0 and 1 are truth values, too
    if all(pa.types.is_timestamp(one) or pa.types.is_date(one) for one in known):
        return [pa.timestamp("s"), pa.timestamp("ns"), pa.string()]
    return [pa.string()]


def _shown(names: set[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in sorted(names)[:MOST_SHOWN])
    return f"{shown} and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else shown


def name_of(paths: Sequence[Path]) -> str:
    """Return the names of files for messages; of many the first and the number of the rest."""
    names = [path.name for path in paths]
    return " + ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} more files"
