"""Rows that a data base hands over one by one, as a table with a type for each column."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from mtl_core.errors import UserError

PIECE = 100_000


def table_of_rows(cursor: sqlite3.Cursor, where: str) -> pa.Table:
    """Return the rows of an executed query.

    They are taken in pieces of :data:`PIECE` rows, so that Python's objects never fill the memory.

    Args:
        cursor: of the query.
        where: place of the query, for messages.

    Raises:
        UserError: when the query gives no columns, or a column holds bytes, or text beside numbers.
    """
    if cursor.description is None:
        raise UserError(where, "it gives no columns.", "Write one SELECT, or the name of a table.")
    names = [str(column[0]) for column in cursor.description]
    pieces: list[list[pa.Array]] = [[] for _ in names]
    while rows := cursor.fetchmany(PIECE):
        for name, own, values in zip(names, pieces, zip(*rows, strict=True), strict=True):
            own.append(_array(values, f"{where}: column {name!r}"))
    columns = [_joined(own, f"{where}: column {name!r}") for name, own in zip(names, pieces, strict=True)]
    return pa.table(columns, names=names)


def _array(values: Sequence[Any], where: str) -> pa.Array:
    kinds = {type(value) for value in values} - {type(None)}
    if bytes in kinds:
        raise UserError(where, "holds bytes.", "Leave it out of the query, or cast it there.")
    if str in kinds and len(kinds) > 1:
        raise _mixed(where)
    if float in kinds:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array(values)


def _joined(pieces: Sequence[pa.Array], where: str) -> pa.ChunkedArray:
    """Return one column of pieces, of which some may hold whole numbers alone, or nothing."""
    types = {piece.type for piece in pieces} - {pa.null()}
    if pa.string() in types and len(types) > 1:
        raise _mixed(where)
    stored = pa.float64() if pa.float64() in types else next(iter(types), pa.null())
    return pa.chunked_array([piece.cast(stored) for piece in pieces], type=stored)


def _mixed(where: str) -> UserError:
    return UserError(where, "holds text in some rows and numbers in others.", "Cast it in the query: cast(… as text).")
