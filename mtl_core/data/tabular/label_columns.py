"""Columns whose cells hold several labels, such as ``red;green``: one column of true and false for every label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.by_column import by_column
from mtl_core.data.tabular.column_names import listed
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.errors import UserError

LabelOptions = dict[Literal["separator", "empty"], str]
"""``separator`` between the labels of a cell; ``empty``: what an empty cell means, ``none`` of the labels or
``missing`` knowledge of all of them."""
FEWEST_CELLS = 10
"""Cells that must have a label, and cells that must lack it, for a task to be made of it."""
MOST_LABELS = 100
NONE, MISSING = "none", "missing"


@dataclass(frozen=True)
class LabelColumns:
    """Columns of a table after every column of labels became several.

    Args:
        columns: by name, those of labels in the place of their source.
        parts: names of the new columns, by source.
        remarks: on empty cells, and on labels that are left out.
    """

    columns: dict[str, Column]
    parts: dict[str, list[str]]
    remarks: list[Remark]


def with_label_columns(columns: Mapping[str, Column], asked: Mapping[str, LabelOptions], file: str) -> LabelColumns:
    """Return the columns with one of true and false, ``tags: red``, for every label of the columns asked for.

    Args:
        columns: of the file, by name.
        asked: options by column, or by pattern.
        file: name of the file, for messages.

    Raises:
        UserError: when an option or a column is unfit.
    """
    wanted = by_column("labels", asked, list(columns), file)
    found = LabelColumns({}, {}, [])
    for name, column in columns.items():
        if name not in wanted:
            found.columns[name] = column
            continue
        found.remarks.extend(_on_empty_cells(column, wanted[name]))
        new = _parts(column, wanted[name], found.remarks)
        if taken := [part for part in new if part in columns]:
            raise UserError(column.where, f"would become {taken[0]!r}, which is a column already.", "Rename one.")
        found.columns.update(new)
        found.parts[name] = list(new)
    return found


def _parts(column: Column, options: LabelOptions, remarks: list[Remark]) -> dict[str, Column]:
    cells = _cells(column, options)
    counts = Counter(label for cell in cells if cell is not None for label in cell)
    known = sum(cell is not None for cell in cells)
    kept = sorted(label for label, count in counts.items() if FEWEST_CELLS <= count <= known - FEWEST_CELLS)
    if not kept:
        found = f"has no label that at least {FEWEST_CELLS} cells have and {FEWEST_CELLS} lack."
        raise UserError(column.where, found, "Look at the separator, or leave the column out.")
    if len(kept) > MOST_LABELS:
        found = f"has {len(kept)} labels that {FEWEST_CELLS} cells have, such as {listed(kept[:3])}."
        raise UserError(column.where, found, f"Give at most {MOST_LABELS}, or look at the separator.")
    rare = sorted(set(counts) - set(kept))
    if rare:
        found = f"Column {column.name!r}: {len(rare)} labels are left out, since fewer than {FEWEST_CELLS} cells"
        remarks.append(Remark("rare_class", column.name, f"{found} have them, or lack them: {listed(rare)}."))
    return {f"{column.name}: {label}": _has(column, label, cells) for label in kept}


def _has(column: Column, label: str, cells: list[frozenset[str] | None]) -> Column:
    values = pa.chunked_array([pa.array([None if cell is None else label in cell for cell in cells], pa.bool_())])
    return Column(f"{column.name}: {label}", f"{column.where}, label {label!r}", values)


def _cells(column: Column, options: LabelOptions) -> list[frozenset[str] | None]:
    """The labels of every cell; ``None`` where none is known."""
    where, stored = f"table: labels.{column.name}", column.values.type
    of_lists = pa.types.is_list(stored) or pa.types.is_large_list(stored)
    empty = options.get("empty", NONE)
    if empty not in (NONE, MISSING):
        raise UserError(f"{where}.empty", f"it is {empty!r}.", f"Write {NONE} or {MISSING}.")
    if not (of_lists or column.is_text):
        raise UserError(column.where, f"holds {stored}, and no text with several labels.", "Take it out of labels.")
    split = _split_of(column, options, where) if not of_lists else list
    unknown = None if empty == MISSING else frozenset[str]()
    cells = [
        frozenset(label for piece in split(cell) if piece is not None and (label := str(piece).strip()))
        if cell is not None
        else unknown
        for cell in column.values.to_pylist()
    ]
    return [unknown if cell is not None and not cell else cell for cell in cells]


def _split_of(column: Column, options: LabelOptions, where: str) -> Callable[[str], list[str]]:
    separator = options.get("separator", "")
    if not separator:
        advice = f"Write labels: {{{in_yaml(column.name)}: {{separator: ';'}}}} under tasks."
        raise UserError(f"{where}.separator", "there is none.", advice)
    if not any(separator in text for text in column.values.to_pylist() if text is not None):
        advice = "Name the mark that stands between labels, or take the column out of labels."
        raise UserError(f"{where}.separator", f"no cell holds {separator!r}.", advice)
    return lambda text: text.split(separator)


def _on_empty_cells(column: Column, options: LabelOptions) -> list[Remark]:
    number = column.values.null_count
    if not number or options.get("empty", NONE) == MISSING:
        return []
    found = f"Column {column.name!r}: {number} empty cells are taken to have none of its labels"
    advice = f"If nothing is known of them, add empty: missing to labels: {{{in_yaml(column.name)}: …}} under tasks."
    return [Remark("empty_labels", column.name, f"{found}. {advice}")]
