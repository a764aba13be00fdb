"""Columns of a table: their kinds, and their values as numbers, dates or text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mtl_core.data.task import Kind
from mtl_core.errors import UserError

InputKind = Literal["numeric", "boolean", "categorical", "date"]
ColumnKind = Literal["numeric", "boolean", "categorical", "date", "regression", "binary", "multiclass"]
INPUT_KINDS, TARGET_KINDS = get_args(InputKind), get_args(Kind)

LARGEST = 1e15
"""Largest absolute value accepted; squares of larger ones come near the end of float32."""
NUMBER = re.compile(r"\s*[-+]?[$€£]?\s*(\d[\d.,' ]*|\.\d+)(e[-+]?\d+)?\s*%?\s*", re.IGNORECASE)
LONGEST_NUMBER = 40  # longer text is cut, because the pattern is slow on long runs of blanks
MICROSECONDS_A_DAY = 86_400e6


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Args:
        name: of the column in the file.
        where: file and column, for messages.
        values: without dictionary encoding; a NaN counts as a missing value.
    """

    name: str
    where: str
    values: pa.ChunkedArray

    @property
    def num_present(self) -> int:
        """Number of values that are not missing."""
        return len(self.values) - self.values.null_count

    @property
    def is_text(self) -> bool:
        """Whether the stored type is text, or the column is empty."""
        return _is_text(self.values.type) or pa.types.is_null(self.values.type)

    def kind(self) -> InputKind:
        """Return the kind of input that the stored type implies.

        Raises:
            UserError: for nested or binary values, and for text most of which is numbers.
        """
        stored = self.values.type
        if pa.types.is_boolean(stored):
            return "boolean"
        if _is_date(stored):
            return "date"
        if pa.types.is_integer(stored) or pa.types.is_floating(stored) or pa.types.is_decimal(stored):
            return "numeric"
        if self.is_text:
            self._refuse_numbers_written_as_text()
            return "categorical"
        raise UserError(self.where, f"holds values of type {stored}.", "Turn them into numbers or text, or ignore it.")

    def numbers(self) -> np.ndarray:
        """Return the values as float64, with NaN for missing ones.

        Raises:
            UserError: for text, infinities and values beyond ``LARGEST``.
        """
        stored = self.values.type
        if _is_date(stored):
            return self.days()
        values = self._cast(self.values, pa.int8()) if pa.types.is_boolean(stored) else self.values
        numbers = self._cast(values, pa.float64()).to_numpy(zero_copy_only=False)
        numbers = np.where(np.isnan(numbers), np.nan, numbers)  # one NaN only, so that equal data have equal bytes
        return self._refuse_the_infinite(numbers)

    def days(self) -> np.ndarray:
        """Return dates, or text like 2024-03-01, as days since 1970, with NaN for missing values.

        Raises:
            UserError: for anything else.
        """
        if not (_is_date(self.values.type) or self.is_text):
            raise UserError(self.where, "holds no dates.", "Write them like 2024-03-01, or declare another kind.")
        micros = self._cast(self._cast(self.values, pa.timestamp("us")), pa.int64())
        return self._cast(micros, pa.float64()).to_numpy(zero_copy_only=False) / MICROSECONDS_A_DAY

    def texts(self) -> np.ndarray:
        """Return the values as text, with ``None`` for missing ones and whole numbers without a decimal point."""
        stored, values = self.values.type, self.values
        if pa.types.is_floating(stored):
            return np.array([None if np.isnan(x) else f"{x:g}" for x in self.numbers()], dtype=object)
        values = values if _is_text(stored) else self._cast(values, pa.large_string())
        return values.to_numpy(zero_copy_only=False).astype(object)

    def _cast(self, values: pa.ChunkedArray, target: pa.DataType) -> pa.ChunkedArray:
        try:
            return pc.cast(values, target, safe=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            reason = str(error).splitlines()[0][:120]
            raise UserError(self.where, f"cannot be taken as that: {reason}.", "Clean it, or ignore it.") from None

    def _refuse_the_infinite(self, numbers: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            bad = np.flatnonzero(np.abs(numbers) > LARGEST)
        if len(bad):
            found = f"row {bad[0] + 1} holds {numbers[bad[0]]:g}"
            raise UserError(self.where, f"{found}; the largest that is sound is {LARGEST:g}.", "Rescale or clear it.")
        return numbers

    def _refuse_numbers_written_as_text(self) -> None:
        seen = [str(value)[:LONGEST_NUMBER] for value in pc.unique(self.values).to_pylist() if value is not None]
        numbers = [value for value in seen if NUMBER.fullmatch(value)]
        others = [value for value in seen if not NUMBER.fullmatch(value)]
        if 2 * len(numbers) > len(seen):
            mixed = f"holds numbers and text such as {others[0][:40]!r}" if others else "holds numbers written as text"
            advice = "Clean it, ignore it, or declare it categorical under kinds."
            raise UserError(self.where, f"{mixed} (for instance {numbers[0][:40]!r}).", advice)


def columns_of(table: pa.Table, file: str) -> dict[str, Column]:
    """Return the columns of ``table`` by name; ``file`` is the file's name in messages."""
    columns = {}
    for name in table.column_names:
        values = table.column(name)
        if pa.types.is_dictionary(values.type):
            values = pc.cast(values, values.type.value_type)
        if pa.types.is_floating(values.type):
            values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
        columns[name] = Column(name, f"{file}: column {name!r}", values)
    return columns


def _is_date(stored: pa.DataType) -> bool:
    return pa.types.is_date(stored) or pa.types.is_timestamp(stored)


def _is_text(stored: pa.DataType) -> bool:
    return pa.types.is_string(stored) or pa.types.is_large_string(stored) or pa.types.is_string_view(stored)
