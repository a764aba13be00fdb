"""Kind A: text that would be one number, in text files, and identifiers with more digits than numbers hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from mtl_core.data.task_set import TaskSet
from tests.hostile.formats import BINARY, TEXT
from tests.hostile.kinds import ROWS, USUAL, each
from tests.hostile.outcomes import Expected, Hostile, class_counts

PAIRS = (("01", "1"), ("2E3", "2000"), ("+1", "1"), ("007", "7"), ("0x10", "16"), ("1e5", "100000"), ("1.0", "1"))
LONG = [f"1234567890123456789{row % 4}" for row in range(ROWS)]


def spelled(pair: tuple[str, str]) -> list[str]:
    """A column of the pair and two other numbers, in turn."""
    return [(*pair, "5", "8")[row % 4] for row in range(ROWS)]


def _formats(pair: tuple[str, str]) -> tuple[str, ...]:
    """Text formats in which both are numbers: where the decimal mark is a comma, 1.0 is none."""
    return tuple(name for name in TEXT if "." not in pair[0] or name != "semicolon csv")


def num_groups(task_set: TaskSet) -> int:
    """Number of groups in both drawers."""
    parts = [part.groups for part in (task_set.development.examples, task_set.test)]
    return len({group for part in parts if part is not None for group in part.tolist()})


def groups() -> list[Hostile]:
    """Groups whose names would be one number."""
    found = []
    for pair in PAIRS:
        four = Expected("said", "4 groups", lambda t: num_groups(t) == 4, (*map(repr, pair), "kept apart"))
        found += each(
            "A", f"groups {pair[0]} and {pair[1]}", {**USUAL, "g": spelled(pair)}, four, _formats(pair), groups="g"
        )
    return found


def near_groups() -> list[Hostile]:
    """Groups that are probably one, in every format."""
    found = []
    for pair in (("p1", "P1 "), ("p 1", "p1"), ("p\u200b1", "p1"), ("01", "1")):
        names = [(*pair, "p5", "p8")[row % 4] for row in range(ROWS)]
        four = Expected("said", "4 groups", lambda t: num_groups(t) == 4, ("Groups that may be one",))
        found += each("A", f"groups {pair[0]!a} and {pair[1]!a}", {**USUAL, "g": names}, four, groups="g")
    rounded = np.array([0.3, 0.1 + 0.2, 0.5, 0.7])[np.arange(ROWS) % 4]
    near = Expected("said", "4 groups", lambda t: num_groups(t) == 4, ("0.30000000000000004", "rounding"))
    return found + each("A", "groups that differ by rounding", {**USUAL, "g": rounded}, near, groups="g")


def classes() -> list[Hostile]:
    """Classes whose names would be one number."""
    found = []
    for pair in PAIRS:
        columns, counts = {**USUAL, "y_1": spelled(pair)}, dict.fromkeys((*pair, "5", "8"), ROWS // 4)
        four = Expected("said", "4 classes of 25", lambda t, c=counts: class_counts(t) == c, ("kept apart",))
        name = f"classes {pair[0]} and {pair[1]}"
        found += each("A", f"{name}, declared", columns, four, _formats(pair), kinds={"y_1": "multiclass"})
        read_as_one = Expected("said", "3 classes", lambda t: len(class_counts(t)) == 3, ("read as one",))
        found += each("A", name, columns, read_as_one if "1.0" in pair else four, ("csv", "tsv"))
    return found


def inputs() -> list[Hostile]:
    """Inputs whose values would be one number."""
    found = []
    for pair in PAIRS[:-1]:
        six = Expected("said", "4 categories", lambda t: t.development.num_inputs == 6, ("kinds: {c: numeric}",))
        found += each("A", f"inputs {pair[0]} and {pair[1]}", {**USUAL, "c": spelled(pair)}, six, ("csv", "tsv"))
    numbers = Expected("right", "a number", lambda t: t.development.num_inputs == 3)
    for pair in (("0.5", "0.50"), ("1e+05", "100000"), ("1.0", "1")):
        found += each("A", f"numbers {pair[0]} and {pair[1]}", {**USUAL, "c": spelled(pair)}, numbers, ("csv", "tsv"))
    padded = [f"{row % 90:04}" for row in range(ROWS)]
    zeros = Expected("said", "a number", lambda t: t.development.num_inputs == 3, ("'0000'", "is read as numbers"))
    return found + each("A", "inputs with leading zeros", {**USUAL, "c": padded}, zeros, TEXT)


def long_identifiers() -> list[Hostile]:
    """Identifiers beyond what float64 holds."""
    counts = dict.fromkeys(LONG, ROWS // 4)
    four = Expected("right", "4 classes of 25", lambda t: class_counts(t) == counts)
    found = each("A", "20-digit classes", {**USUAL, "y_1": LONG}, four, TEXT)
    grouped = Expected("right", "4 groups", lambda t: num_groups(t) == 4)
    found += each("A", "20-digit groups", {**USUAL, "g": LONG}, grouped, groups="g")
    advised: dict[str, Any] = {"kinds": {"c": "categorical"}}
    refused = Expected("refused", "", words=("'c'", "kinds: {c: categorical}"))
    six = Expected("right", "4 categories", lambda t: t.development.num_inputs == 6)
    found += each("A", "20-digit inputs", {**USUAL, "c": LONG}, refused, TEXT)
    found += each("A", "20-digit inputs, declared", {**USUAL, "c": LONG}, six, **advised)
    codes = np.array([10**16 + 7 * (row % 4) for row in range(ROWS)])
    for stored in (pa.int64(), pa.uint64(), pa.decimal128(20, 0)):
        held = pa.array(codes.tolist()).cast(stored)
        sixteen = Expected("right", "4 classes", lambda t: set(class_counts(t)) == set(map(str, codes.tolist())))
        found += each("A", f"17-digit classes, {stored}", {**USUAL, "y_1": held}, sixteen, BINARY)
    lost = Expected("refused", "", words=("'g'", "int64"))
    for stored, large in ((np.float64, 2.0**54), (np.float32, 2.0**25)):
        held = (large + np.arange(ROWS) // 2).astype(stored)
        found += each("A", f"groups beyond {np.dtype(stored)}", {**USUAL, "g": held}, lost, BINARY, groups="g")
    return found
