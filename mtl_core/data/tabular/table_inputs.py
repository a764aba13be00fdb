"""From the input columns of a table to examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from mtl_core.data.examples import Examples
from mtl_core.data.remark import Remark
from mtl_core.data.row_parts import RowParts
from mtl_core.data.tabular.columns import INPUT_KINDS, Column, ColumnKind
from mtl_core.data.tabular.declared_kinds import declared_kind
from mtl_core.data.tabular.encoding import LEFT_OUT, Encoded, encode
from mtl_core.data.tabular.row_numbers import why_it_numbers_rows
from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.errors import UserError


def without_row_numbers(
    candidates: Sequence[Column], index: Sequence[str], kinds: Mapping[str, str], num_rows: Sequence[int] = ()
) -> tuple[list[Column], list[Remark]]:
    """Return the input columns without those that number the rows, and a remark on each of these.

    Args:
        candidates: columns that may be predicted from.
        index: names of the columns that the file keeps as its index.
        kinds: those that the study file declares; such a column stays.
        num_rows: of each file, where the table has several.
    """
    inputs, remarks = [], []
    for column in candidates:
        reason = None if column.name in kinds else why_it_numbers_rows(column, index, num_rows)
        if reason is None:
            inputs.append(column)
        else:
            advice = f"To keep it, write kinds: {{{in_yaml(column.name)}: numeric}} under tasks."
            found = f"Column {column.name!r} {reason}, and is left out. {advice}"
            remarks.append(Remark("row_number", column.name, found))
    return inputs, remarks


def encoded_inputs(
    columns: Sequence[Column],
    kinds: Mapping[str, ColumnKind],
    parts: RowParts,
    dropped: Sequence[Remark],
    path: str,
) -> Encoded:
    """Return the inputs as numbers.

    Args:
        columns: of the inputs.
        kinds: those that the study file declares; the others follow from what a column holds.
        parts: what the rows are for.
        dropped: remarks on columns that were left out before.
        path: of the table, for messages.

    Raises:
        UserError: when no input is left, or none differs between rows.
    """
    declared = [declared_kind(kinds, column.name, INPUT_KINDS) or column.kind() for column in columns]
    encoded = encode(list(zip(columns, declared, strict=True)), parts)  # pyright: ignore[reportArgumentType]
    if not encoded.columns:
        reasons = " ".join(remark.text for remark in [*dropped, *encoded.remarks])
        raise UserError(path, f"no input is left. {reasons}", "Give one.")
    inputs = [name for name, done in encoded.treatments.items() if not done.startswith(LEFT_OUT)]
    if encoded.constant.issuperset(inputs):
        found = f"every input has one and the same value in all rows{parts.learnt_in_words} ({', '.join(inputs[:5])})."
        raise UserError(path, found, "Give an input that differs between rows.")
    return encoded


def examples_of(
    encoded: Encoded, labels: np.ndarray, more: tuple[np.ndarray | None, np.ndarray | None], rows: np.ndarray
) -> Examples:
    """Return the examples of some rows.

    Args:
        encoded: inputs of all rows.
        labels: of all rows, [n t].
        more: groups [n] and weights [n t] of all rows; ``None``: there are none.
        rows: mask of those wanted.
    """
    groups, weights = more
    return Examples(
        inputs=torch.from_numpy(encoded.matrix()[rows]),
        targets=torch.from_numpy(labels[rows]),
        groups=None if groups is None else torch.from_numpy(groups[rows].astype(np.int64)),
        weights=None if weights is None else torch.from_numpy(weights[rows]),
    )


def origin_of(origins: list[float]) -> torch.Tensor | None:
    """Return what was subtracted from each column, float64; ``None`` where nothing was."""
    return torch.tensor(origins, dtype=torch.float64) if any(origins) else None
