"""Kinds C, D, E, G and I: values, targets and headers that are probably not what they seem."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from mtl_core.data.task_set import TaskSet
from tests.hostile.formats import BINARY, TEXT, as_text, days_from
from tests.hostile.kinds import ORDER, ROWS, USUAL, A, B, C, D, each, from_text
from tests.hostile.outcomes import Expected, Hostile, agrees, class_counts, column_of

SOME = np.arange(ROWS) % 9 == 4
TWO = ("csv", "parquet")


def inputs_are(number: int) -> Any:
    """The data have so many inputs."""
    return lambda task_set: task_set.development.num_inputs == number


def extreme_units() -> list[Hostile]:
    """Units that float32 cannot hold."""
    gone = Expected("said", "b alone", inputs_are(1), ("'a'", "another unit"))
    found = [one for unit in (1e-40, 1e-60) for one in each("D", f"unit of {unit:g}", {**USUAL, "a": A * unit}, gone)]
    refused = Expected("refused", "", words=("y_1", "another unit"))
    return found + each("D", "a target's unit of 1e-60", {**USUAL, "y_1": C * 1e-60}, refused, TWO)


def fill_values() -> list[Hostile]:
    """Values with which programs fill gaps, beyond what is sound."""
    found = []
    for code in (1e20, 9.96920996838687e36, -3.4028234663852886e38):
        coded: dict[str, Any] = {**USUAL, "a": np.where(SOME, code, A)}
        refused = Expected("refused", "", words=("'a'", f"missing: {{a: [{code}]}}"))
        found += each("E", f"filled with {code:.3g}", coded, refused)
        gone = Expected("right", "11 missing", lambda t: int(np.isnan(column_of(t, 0)).sum()) == SOME.sum())
        found += each("E", f"filled with {code:.3g}, declared", coded, gone, missing={"a": [code]})
    return found


def codes_for_missing() -> list[Hostile]:
    """Numbers, words and dates that mean missing."""
    found = []
    for code, stored in ((-128, pa.int8()), (255, pa.uint8()), (65535, pa.uint16()), (-32768, pa.int16())):
        held = pa.array(np.where(SOME, code, np.arange(ROWS) % 40)).cast(stored)
        said = Expected("said", "values stay", inputs_are(2), ("'a'", f"[{code}]"))
        found += each("G", f"{code} in {stored}", {**USUAL, "a": held}, said, BINARY)
    two = np.where(SOME, -999.0, np.where(np.arange(ROWS) % 9 == 5, -998.0, np.arange(ROWS) % 7))
    both = Expected("said", "values stay", lambda t: agrees(column_of(t, 0), two), ("[-999]", "[-998]"))
    found += each("G", "-999 and -998", {**USUAL, "a": two}, both)
    for values in ((-1, 0, 1), (0, 1, 9)):
        code = values[0] if values[0] < 0 else values[-1]
        said = Expected("said", "3 classes", lambda t: len(class_counts(t)) == 3, (f"missing: {{y_1: [{code}]}}",))
        found += each("G", f"classes {values}", {**USUAL, "y_1": np.array(values)[np.arange(ROWS) % 3]}, said)
    for word in ("unknown", "?", "None", "n.a."):
        answers = [("yes", "no", word)[row % 3] for row in range(ROWS)]
        said = Expected("said", "3 classes", lambda t: len(class_counts(t)) == 3, (f"'{word}'", "missing: {y_1: ["))
        found += each("G", f"{word} as a class", {**USUAL, "y_1": answers}, said, ("csv", "tsv", "parquet"))
        clear = Expected("right", "2 classes", lambda t: len(class_counts(t)) == 2)
        declared: dict[str, Any] = {"missing": {"y_1": [word]}}
        found += each("G", f"{word} as a class, declared", {**USUAL, "y_1": answers}, clear, TWO, **declared)
    empty = [("yes", "no", "")[row % 3] for row in range(ROWS)]
    said = Expected("said", "3 classes", lambda t: len(class_counts(t)) == 3, ("''", "missing: {y_1: ['']}"))
    found += each("G", "an empty text as a class", {**USUAL, "y_1": empty}, said, BINARY)
    among = [("?" if gap else f"{value}") for gap, value in zip(SOME, A, strict=True)]
    refused = Expected("refused", "", words=("'a'", "in row 5", "missing: ['?']"))
    found += each("G", "? among numbers", {**USUAL, "a": among}, refused, TEXT)
    gone = Expected("right", "numbers with 11 missing", _has_eleven_missing)
    found += each("G", "? among numbers, declared", {**USUAL, "a": among}, gone, ("csv", "tsv"), missing=["?"])
    slip = Expected("said", "nothing missing", inputs_are(2), ("No cell of column 'a' holds -99",))
    found += each("G", "a code that stands nowhere", USUAL, slip, missing={"a": [-99]})
    return found + _dates()


def _has_eleven_missing(task_set: TaskSet) -> bool:
    return int(np.isnan(column_of(task_set, 0)).sum()) == SOME.sum() and task_set.development.num_inputs == 3


def _dates() -> list[Hostile]:
    days = days_from(date(2023, 1, 1), ROWS)
    ends = [date(9999, 12, 31) if gap else day for gap, day in zip(SOME, days, strict=True)]
    said = Expected("said", "the dates stay", inputs_are(3), ("9999-12-31", "missing: {d: ['9999-12-31']}"))
    found = each("G", "9999-12-31", {**USUAL, "d": ends}, said)
    gone = Expected("right", "11 missing", lambda t: int(np.isnan(column_of(t, 2)).sum()) == SOME.sum())
    return found + each("G", "9999-12-31, declared", {**USUAL, "d": ends}, gone, missing={"d": ["9999-12-31"]})


def leaks_and_headers() -> list[Hostile]:
    """Targets that are one, or coarser among the inputs, and headers that are none."""
    found = []
    for name, other in (("equal", C), ("in another unit", 32 - 1.8 * C)):
        said = Expected("said", "3 tasks", lambda t: len(t.tasks) == 3, ("'y_1' and 'y_3' are one",))
        found += each("I", f"two targets, {name}", {**USUAL, "y_3": other}, said, ("csv", "tsv", "parquet", "feather"))
    for name, coarse in (("rounded", np.round(C, 1)), ("in bins", np.where(C > 0, "high", "low"))):
        leak = Expected("said", "inputs stay", lambda t: t.development.num_inputs > 2, ("'w'", "a leak?"))
        found += each("I", f"a target {name}", {**USUAL, "w": coarse}, leak, ("csv", "tsv", "parquet", "feather"))
    alike = {"a": A, "b": B, "y_\u00e9": C, "y_e\u0301": D}
    twice = Expected("said", "2 tasks", lambda t: len(t.tasks) == 2, (r"'y_\xe9', 'y_e\u0301'",))
    found += each("I", "one name in two encodings", alike, twice)
    hidden = {"a": A, "b": B, "\u200by_1": C, "\ufeffy_2": D}
    clean = Expected("said", "y_1 and y_2", lambda t: len(t.tasks) == 2, ("begins or ends with a blank",))
    found += each("I", "invisible marks in names", hidden, clean, ("csv", "parquet"))
    values = {f"{value}.5": USUAL[name] for value, name in enumerate(USUAL)}
    lost = Expected("said", "2 tasks", lambda t: len(t.tasks) == 2, ("No header?", "'0.5'"))
    found += each("I", "values in the place of names", values, lost, targets=["2.5", "3.5"])
    flat: dict[str, Any] = {**USUAL, "a": np.ones(ROWS), "b": ["red"] * ROWS}
    refused = Expected("refused", "", words=("every input has one and the same value", "a, b"))
    found += each("I", "inputs that do not vary", flat, refused)
    truth = Expected("refused", "", words=("'q'", "row 3 holds 2"))
    found += each("I", "a boolean that holds 2", {**USUAL, "q": np.arange(ROWS) % 3}, truth, kinds={"q": "boolean"})
    return found + _swallowed()


def _swallowed() -> list[Hostile]:
    lines = as_text({**USUAL, "t": [f"note {place}" for place in ORDER % 4]}).splitlines()
    lines[3] = lines[3].replace("note", '"note')
    lines[23] += '"'
    said = Expected("said", "80 rows", lambda t: len(t.development.examples) + len(t.test) == 80, ("20 lines in all",))
    return from_text("I", "rows behind a quotation mark", "\n".join(lines) + "\n", said)
