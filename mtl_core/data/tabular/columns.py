"""Columns of a table: their kinds, and their values as numbers, dates or text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mtl_core.data.kinds import kind_names
from mtl_core.data.tabular.cell_texts import CellTexts
from mtl_core.data.tabular.nearly_numbers import refuse_numbers_written_as_text
from mtl_core.data.tabular.number_text import exact_text
from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.errors import UserError

InputKind = Literal["numeric", "boolean", "categorical", "date"]
ColumnKind = str
"""What a column is: one of ``INPUT_KINDS`` or, for a target, one of ``TARGET_KINDS``."""
INPUT_KINDS, TARGET_KINDS = get_args(InputKind), kind_names()

LARGEST = 1e15
"""Largest absolute value accepted; squares of larger ones come near the end of float32."""
TRUE_WORDS, FALSE_WORDS = {"true", "yes", "y", "t"}, {"false", "no", "n", "f"}
MICROSECONDS_A_DAY = 86_400e6


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Args:
        name: of the column in the file.
        where: file and column, for messages.
        values: without dictionary encoding; a NaN counts as a missing value.
        note: sentence that messages about missing or constant values end in; empty for most columns.
        written: how a text file writes the values, where that says more than they do.
        names_things: whether text that could be numbers is text on purpose.
        codes_are_declared: whether the study file says which cells of this column are missing.
    """

    name: str
    where: str
    values: pa.ChunkedArray
    note: str = ""
    written: CellTexts | None = None
    names_things: bool = False
    codes_are_declared: bool = False

    @property
    def num_present(self) -> int:
        """Number of values that are not missing."""
        return len(self.values) - self.values.null_count

    @property
    def is_present(self) -> np.ndarray:
        """Boolean ``[n]``: which values are not missing."""
        return self.values.is_valid().to_numpy(zero_copy_only=False)

    @property
    def is_text(self) -> bool:
        """Whether the stored type is text, or the column is empty."""
        return _is_text(self.values.type) or pa.types.is_null(self.values.type)

    @property
    def is_nominal(self) -> bool:
        """Whether values are compared by their texts: text itself, and what no number stands for, as times of day."""
        stored = self.values.type
        return self.is_text or not (self.is_number or self.is_date or pa.types.is_boolean(stored))

    @property
    def is_number(self) -> bool:
        """Whether the stored type is that of numbers."""
        stored = self.values.type
        return pa.types.is_integer(stored) or pa.types.is_floating(stored) or pa.types.is_decimal(stored)

    @property
    def is_date(self) -> bool:
        """Whether the stored type is that of dates or moments."""
        return _is_date(self.values.type)

    @property
    def is_whole(self) -> bool:
        """Whether whole numbers are stored, as integers or otherwise."""
        if not self.is_number:
            return False
        numbers = self._cast(self.values, pa.float64()).to_numpy(zero_copy_only=False)
        numbers = numbers[np.isfinite(numbers)]
        return bool((numbers == np.round(numbers)).all())

    def kind(self, allowed: Sequence[str] = INPUT_KINDS) -> InputKind:
        """Return the kind of input that the stored type implies.

        Args:
            allowed: kinds that the study file may declare for a column in this role; errors recommend from these.

        Raises:
            UserError: for nested or binary values, and for text most of which is numbers or dates.
        """
        stored = self.values.type
        if pa.types.is_boolean(stored):
            return "boolean"
        if self.is_date:
            return "date"
        if self.is_number:
            return "numeric"
        if self.is_text:
            if not self.names_things:
                refuse_numbers_written_as_text(self.name, self.where, self.values, allowed)
            return "categorical"
        named = pa.types.is_time(stored) and ("categorical" if "categorical" in allowed else "multiclass")
        advice = f"Turn them into numbers or text, {f'declare it {named} under kinds, ' if named else ''}or ignore it."
        raise UserError(self.where, f"holds values of type {stored}.", advice)

    def numbers(self) -> np.ndarray:
        """Return the values as float64, with NaN for missing ones.

        Raises:
            UserError: for text, infinities and values beyond ``LARGEST``.
        """
        stored = self.values.type
        if self.is_date:
            return self.days()
        values = self._cast(self.values, pa.int8()) if pa.types.is_boolean(stored) else self.values
        if self.is_text and (truths := self._truths()) is not None:
            return truths
        numbers = self._cast(values, pa.float64()).to_numpy(zero_copy_only=False)
        numbers = np.where(np.isnan(numbers), np.nan, numbers)  # one NaN only, so that equal data have equal bytes
        return self._refuse_the_infinite(numbers)

    def days(self) -> np.ndarray:
        """Return dates, or text like 2024-03-01, as days since 1970, with NaN for missing values.

        Raises:
            UserError: for anything else.
        """
        if not (self.is_date or self.is_text):
            raise UserError(self.where, "holds no dates.", "Write them like 2024-03-01, or declare another kind.")
        micros = self._cast(self._cast(self.values, pa.timestamp("us")), pa.int64())
        return self._cast(micros, pa.float64()).to_numpy(zero_copy_only=False) / MICROSECONDS_A_DAY

    def texts(self) -> np.ndarray:
        """Return the values as text ``[n]``, with ``None`` for missing ones; different numbers have different texts.

        Raises:
            UserError: for infinities, and for whole numbers that their type does not tell apart.
        """
        stored, values = self.values.type, self.values
        if pa.types.is_floating(stored):
            own = values.to_numpy(zero_copy_only=False)  # in the stored precision: 0.1 is read as 0.1 in float32, too
            self._refuse_the_inexact(own)
            return np.array([None if np.isnan(x) else exact_text(x) for x in own], dtype=object)
        values = values if _is_text(stored) else self._cast(values, pa.large_string(), safe=True)
        return values.to_numpy(zero_copy_only=False).astype(object)

    def _cast(self, values: pa.ChunkedArray, target: pa.DataType, *, safe: bool = False) -> pa.ChunkedArray:
        try:
            return pc.cast(values, target, safe=safe)
        except pa.ArrowException as error:
            reason = str(error).splitlines()[0][:120]
            raise UserError(self.where, f"cannot be taken as that: {reason}.", "Clean it, or ignore it.") from None

    def _refuse_the_infinite(self, numbers: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            bad = np.flatnonzero(np.abs(numbers) > LARGEST)
        if len(bad):
            found = f"row {bad[0] + 1} holds {numbers[bad[0]]:g}; the largest that is sound is {LARGEST:g}."
            advice = "Rescale or clear it."
            if np.isfinite(numbers[bad[0]]):
                code = f"missing: {{{in_yaml(self.name)}: [{exact_text(float(numbers[bad[0]]))}]}}"
                advice = f"Rescale or clear it; if it means missing, write {code} under tasks."
            if self.is_whole and np.isfinite(numbers[bad[0]]):
                kinds = f"kinds: {{{in_yaml(self.name)}: categorical}} (a target: multiclass)"
                advice = f"If it names things, write {kinds} under tasks, or ignore it. {advice}"
            raise UserError(self.where, found, advice)
        return numbers

    def _refuse_the_inexact(self, own: np.ndarray) -> None:
        """Refuse floating-point numbers that are infinite, or whole and so large that their neighbours are left out."""
        largest = 2.0 ** (np.finfo(own.dtype).nmant + 1)
        with np.errstate(invalid="ignore"):
            bad = np.flatnonzero(np.abs(own) > largest)
        if len(bad):
            found = (
                f"row {bad[0] + 1} holds {own[bad[0]]:.20g}, and {own.dtype} does not tell {largest:.0f} from the next."
            )
            raise UserError(self.where, found, "Store numbers that name things as text, or as whole numbers (int64).")

    def _truths(self) -> np.ndarray | None:
        """Return text like yes and no as 1 and 0, with NaN for missing; ``None`` where there is any other word."""
        words = [None if text is None else text.strip().lower() for text in self.values.to_pylist()]
        if not {word for word in words if word is not None} <= TRUE_WORDS | FALSE_WORDS:
            return None
        return np.array([np.nan if word is None else float(word in TRUE_WORDS) for word in words])


def columns_of(table: pa.Table, file: str) -> dict[str, Column]:
    """Return the columns of ``table`` by name; ``file`` is the file's name in messages."""
    columns = {}
    for name in table.column_names:
        values = table.column(name)
        if pa.types.is_dictionary(values.type):
            values = pc.cast(values, values.type.value_type)
        if pa.types.is_string_view(values.type):
            values = pc.cast(values, pa.large_string())  # Arrow computes little with views
        if pa.types.is_decimal(values.type) and values.type.bit_width < 128:
            values = pc.cast(values, pa.decimal128(values.type.precision, values.type.scale))  # nor with these
        if pa.types.is_floating(values.type):
            values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)  # pyright: ignore[reportAttributeAccessIssue]
        columns[name] = Column(name, f"{file}: column {name!r}", values)
    return columns


def _is_date(stored: pa.DataType) -> bool:
    return pa.types.is_date(stored) or pa.types.is_timestamp(stored)


def _is_text(stored: pa.DataType) -> bool:
    return pa.types.is_string(stored) or pa.types.is_large_string(stored) or pa.types.is_string_view(stored)
