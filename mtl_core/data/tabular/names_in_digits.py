"""Columns whose digits name things: groups, classes and categories are told apart by the text of their cells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.cell_texts import CellTexts
from mtl_core.data.tabular.column_values import stored_kind
from mtl_core.data.tabular.columns import LARGEST, Column
from mtl_core.data.tabular.encoding import MOST_CATEGORIES
from mtl_core.data.tabular.near_groups import remarks_on_near_groups
from mtl_core.data.tabular.targets import MOST_INTEGER_CLASSES
from mtl_core.data.tabular.yaml_names import in_yaml

Role = Literal["group", "target", "input"]
NAMES = ("categorical", "binary", "multiclass", "ordinal")


def by_text(column: Column) -> Column:
    """Return ``column`` as text, as its file writes it, or with all digits where the file holds numbers.

    Raises:
        UserError: where whole numbers are stored in a type that does not tell them apart.
    """
    if column.is_text:
        return column
    if column.written is None:
        texts = pa.chunked_array([pa.array(column.texts(), pa.string())])
    else:
        missing = pa.scalar(None, column.written.cells.type)
        texts = pc.if_else(column.values.is_valid(), column.written.cells, missing)  # pyright: ignore[reportAttributeAccessIssue]
    return replace(column, values=texts, names_things=True, written=None)


def told_apart(column: Column, role: Role, asked: str | None) -> tuple[Column, list[Remark]]:
    """Return ``column`` as text if it names things, and remarks on texts that are one number.

    Args:
        column: as it was read.
        role: what it is used for.
        asked: the kind that the study file declares for it; ``None``: inferred.

    Raises:
        UserError: where whole numbers that name things are stored in a type that does not tell them apart.
    """
    if column.is_text or asked in ("numeric", "regression", "count", "boolean", "date"):
        return column, []
    if role == "group" or asked in NAMES:
        if column.written is None and not _is_beyond(column):
            return column, []
        said = column.written is not None and not (role == "group" and asked)
        return by_text(column), _kept_apart(column, role) if said else []
    return _undeclared_target(column) if role == "target" else _undeclared_input(column)


def columns_told_apart(
    columns: dict[str, Column],
    predicted: Sequence[Column],
    candidates: Sequence[Column],
    groups: str | None,
    kinds: Mapping[str, str],
) -> list[Remark]:
    """Replace columns whose digits name things by text, and return remarks on what would be one as numbers.

    Args:
        columns: by name; changed in place.
        predicted: those to predict.
        candidates: those that may be predicted from.
        groups: name of the column of groups; ``None``: there is none.
        kinds: those that the study file declares.
    """
    roles: dict[str, Role] = {column.name: "target" for column in predicted}
    roles |= {column.name: "input" for column in candidates}
    roles |= {groups: "group"} if groups else {}
    remarks = remarks_on_near_groups(columns[groups]) if groups else []
    for name, role in roles.items():
        columns[name], said = told_apart(columns[name], role, kinds.get(name))
        remarks += said
    return remarks


def _undeclared_target(column: Column) -> tuple[Column, list[Remark]]:
    if not column.is_number:
        return column, []
    classes, written = _are_classes(column), column.written
    if classes and _is_beyond(column):
        return by_text(column), _kept_apart(column, "target")
    if written is None:
        return column, []
    if not classes:
        return column, _read_as_numbers(column, written, "multiclass")
    if written.code:
        return by_text(column), _kept_apart(column, "target")
    found = f"Task {column.name!r} has labels that are written in different ways and read as one: {_shown(written)}."
    advice = f"If they differ, write kinds: {{{in_yaml(column.name)}: multiclass}} under tasks."
    return column, [Remark("same_number", column.name, f"{found} {advice}")]


def _undeclared_input(column: Column) -> tuple[Column, list[Remark]]:
    written = column.written
    if written is None or written.code is None or _is_beyond(column):
        return column, []
    different = len(pc.unique(pc.drop_null(written.cells)))  # pyright: ignore[reportAttributeAccessIssue]
    if written.merged and different <= MOST_CATEGORIES:
        return by_text(column), _kept_apart(column, "input")
    return column, _read_as_numbers(column, written, "categorical")


def _kept_apart(column: Column, role: Role) -> list[Remark]:
    written = column.written
    if written is None or not written.merged or (_is_beyond(column) and not written.code):
        return []  # whole numbers that float64 does not tell apart do differ
    what = {"group": "Groups of", "target": "Classes of", "input": "Categories of"}[role]
    read_as = {"numeric": "numbers", "boolean": "truth values", "date": "dates"}.get(stored_kind(column), "values")
    found = f"{what} {column.name!r} that would be one as {read_as} are kept apart, as they are written"
    advice = "If they are one, write them alike"
    if role != "target":
        advice += f", or write kinds: {{{in_yaml(column.name)}: numeric}} under tasks"
    return [Remark("same_number", column.name, f"{found}: {_shown(written)}. {advice}.")]


def _read_as_numbers(column: Column, written: CellTexts, kind: str) -> list[Remark]:
    if written.code is None:
        return []
    one = f", and different texts are one number: {_shown(written)}" if written.merged else ""
    found = f"Column {column.name!r} is written as codes are, such as {written.code!r}, and is read as numbers{one}."
    advice = f"If it names things, write kinds: {{{in_yaml(column.name)}: {kind}}} under tasks."
    return [Remark("code_as_number", column.name, f"{found} {advice}")]


def _shown(written: CellTexts) -> str:
    return "; ".join(", ".join(repr(text[:40]) for text in group) for group in written.merged)


def _is_beyond(column: Column) -> bool:
    """Whether whole numbers are larger than those that are sound as numbers."""
    if not column.is_number or not column.num_present:
        return False
    span = pc.min_max(pc.cast(column.values, pa.float64(), safe=False)).as_py()  # pyright: ignore[reportAttributeAccessIssue]
    return LARGEST < max(-span["min"], span["max"]) < math.inf and column.is_whole


def _are_classes(column: Column) -> bool:
    """Whether a target of these values is taken for classes where nobody says what it is."""
    written = column.written
    values = written.cells if written is not None and _is_beyond(column) else column.values
    number = len(pc.unique(pc.drop_null(values)))  # pyright: ignore[reportAttributeAccessIssue]
    return number == 2 or (number <= MOST_INTEGER_CLASSES and column.is_whole)
