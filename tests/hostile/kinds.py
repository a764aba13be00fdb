"""Hostile files by kind of fault, each with what must become of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mtl_core.data.preprocessing import prepare
from mtl_core.data.task_set import TaskSet
from tests.hostile.formats import BINARY, FORMATS, TEXT, Columns, as_text, days_from, options_of
from tests.hostile.outcomes import Expected, Hostile, agrees, class_counts, column_of

ROWS = 100
RANDOM = np.random.default_rng(23)
A, B, C, D = (np.round(values, 4) for values in RANDOM.normal(size=(4, ROWS)))
USUAL: Columns = {"a": A, "b": B, "y_1": C, "y_2": D}
ORDER = RANDOM.permutation(ROWS)
CODES = np.array([1000004.0, 1000014.0, 1000018.0, 1000024.0])[np.arange(ROWS) % 4]


def each(
    kind: str, name: str, columns: Columns, expected: Expected, formats: Iterable[str] = FORMATS, **options: Any
) -> list[Hostile]:
    """Return the same columns in every one of the formats, with the same expectation."""

    def writer(format_name: str) -> Callable[[Path], Path]:
        return lambda folder: FORMATS[format_name](folder, columns)

    return [Hostile(kind, name, form, writer(form), expected, {**options_of(form), **options}) for form in formats]


def from_text(
    kind: str, name: str, text: str, expected: Expected, stored: str = "utf-8", file: str = "data.csv", **options: Any
) -> list[Hostile]:
    """Return a text file that holds exactly ``text``."""

    def write(folder: Path) -> Path:
        (folder / file).write_bytes(text.encode(stored))
        return folder / file

    return [Hostile(kind, name, f"{file.partition('.')[2]}, {stored}", write, expected, options)]


def identity() -> list[Hostile]:
    """Numbers that name things."""
    counts = {str(int(code)): ROWS // 4 for code in np.unique(CODES)}
    four = Expected("right", f"4 classes of {ROWS // 4} rows", lambda found: class_counts(found) == counts)
    as_asked: dict[str, Any] = {"kinds": {"y_1": "multiclass"}}
    found = each("A", "seven-digit classes, float64", {**USUAL, "y_1": CODES}, four)
    for stored in (pa.int32(), pa.int64(), pa.uint64(), pa.float32()):
        held = pa.array(CODES).cast(stored)
        found += each("A", f"seven-digit classes, {stored}", {**USUAL, "y_1": held}, four, BINARY, **as_asked)
    patients = 2_000_001.0 + np.arange(ROWS) % 50
    large = 2**53 + 1 + np.arange(ROWS) % 50
    fifty = Expected("right", "50 groups of two, none on both sides", _fifty_groups)
    found += each("A", "seven-digit groups, float64", {**USUAL, "patient": patients}, fifty, groups="patient")
    found += each("A", "groups beyond 2^53, int64", {**USUAL, "patient": large}, fifty, groups="patient")
    near = np.array([0.1, 0.1 + 1e-9, 0.1 + 2e-9])[np.arange(ROWS) % 3]
    five = Expected("right", "3 categories beside a and b", lambda found: found.development.num_inputs == 5)
    return found + each("A", "categories that differ by 1e-9", {**USUAL, "c": near}, five, kinds={"c": "categorical"})


def _fifty_groups(task_set: TaskSet) -> bool:
    parts = [part.groups for part in (task_set.development.examples, task_set.test)]
    learnt, tested = (Counter(() if part is None else part.tolist()) for part in parts)
    return not set(learnt) & set(tested) and sorted((learnt + tested).values()) == [2] * 50


def names() -> list[Hostile]:
    """Names of columns with marks that patterns know."""

    def tasks(*wanted: str) -> Expected:
        return Expected("right", f"tasks {wanted}", lambda found: tuple(t.name for t in found.tasks) == wanted)

    brackets = {"a": A, "b": B, "Temp [C]": C, "Load [kN]": D}
    found = each("B", "brackets", brackets, tasks(*list(brackets)[2:]), targets=["Temp [C]", "Load [kN]"])
    beside = {"a": A, "y1": B, "y[1]": C, "z": D}
    found += each("B", "y[1] beside y1", beside, tasks("y[1]", "z"), ("csv", "parquet"), targets=["y[1]", "z"])
    stars = {"a": A, "y": B, "y*": C, "yy": D}
    found += each("B", "a name with a star", stars, tasks("y*", "yy"), ("csv", "parquet"), targets=["y*", "yy"])
    refused = Expected("refused", "", words=("several names in one", "'y_1'", "'y_2'"))
    found += each("B", "names in one", USUAL, refused, ("csv", "parquet"), targets=["y_1,y_2"])
    nothing = Expected("refused", "", words=("'y[1]'", "matches no column"))
    return found + each("B", "y[1] alone", {**USUAL, "y1": A + B}, nothing, ("csv", "parquet"), targets=["y[1]"])


def offsets() -> list[Hostile]:
    """Values far from zero for their spread."""

    def same(values: np.ndarray, place: int, what: Any) -> Expected:
        return Expected("right", "the file's float64 values", lambda t: agrees(column_of(t, place, what), values))

    found = []
    seconds, far = 1.7e9 + 40 * A, 1e12 + np.round(C * 64) / 64
    found += each("C", "Unix seconds as input", {**USUAL, "a": seconds}, same(seconds, 0, "inputs"))
    found += each("C", "offset of 1e12 in a target", {**USUAL, "y_1": far}, same(far, 0, "targets"))
    moments = pa.array((seconds * 1e6).astype(np.int64), pa.timestamp("us"))
    days = (seconds * 1e6).astype(np.int64) / 86_400e6
    found += each("C", "times of one day", {**USUAL, "a": moments}, same(days, 0, "inputs"), BINARY)
    coarse = 1e14 + np.arange(ROWS) % 8 / 64
    refused = Expected("refused", "", words=("y_1", "Subtract"))
    as_asked: dict[str, Any] = {"kinds": {"y_1": "regression"}}
    found += each("C", "noise of float64 as target", {**USUAL, "y_1": coarse}, refused, ("csv", "parquet"), **as_asked)
    said = Expected("said", "left out", lambda t: t.development.num_inputs == 1, ("less than a computer can tell",))
    return found + each("C", "noise of float64 as input", {**USUAL, "a": coarse}, said, ("csv", "parquet"))


def units() -> list[Hostile]:
    """Units that make all values small or large."""
    found = []
    for unit in (1e-12, 3e-10, 1e12):
        expected = Expected("right", "the file's values, of deviation 1 when trained on", _is_standardised(A * unit))
        found += each("D", f"unit of {unit:g}", {**USUAL, "a": A * unit}, expected)
    return found


def _is_standardised(values: np.ndarray) -> Callable[[TaskSet], bool]:
    def holds(task_set: TaskSet) -> bool:
        preparation, examples = prepare(task_set.development, 0), task_set.development.examples
        scaled = (examples.inputs[:, 0] - preparation.input_shift[0]) * preparation.input_scale[0]
        training = scaled[preparation.train].double().numpy()
        usual = abs(training.mean()) < 1e-3 and abs(training.std() - 1) < 0.02
        return usual and agrees(column_of(task_set, 0), values)

    return holds


def wild_values() -> list[Hostile]:
    """One value beyond all others."""
    row = int(ORDER[0])
    wild = A.copy()
    wild[row] = 999999999.0
    others = np.delete(A, row)

    def kept(task_set: TaskSet) -> bool:
        *small, large = column_of(task_set, 0)
        return abs(large / 999999999.0 - 1) < 1e-6 and agrees(np.array(small), others)

    said = Expected("said", "all values stay", kept, (f"in row {row + 1}", "999999999"))
    beyond = Expected("refused", "", words=("a", f"row {row + 1}"))
    infinite = np.where(np.arange(ROWS) == row, np.inf, A)
    found = each("E", "one wild value", {**USUAL, "a": np.round(wild, 4)}, said)
    return found + each("E", "an infinite value", {**USUAL, "a": infinite}, beyond, ("csv", "parquet", "feather"))


def row_numbers() -> list[Hostile]:
    """Columns that number the rows."""

    def left_out(name: str) -> Expected:
        return Expected("said", "inputs a and b", lambda t: t.development.num_inputs == 2, (f"'{name}'", "is left out"))

    found = each("F", "0 … n-1", {**USUAL, "id": np.arange(ROWS)}, left_out("id"))
    found += each("F", "1 … n in any order", {**USUAL, "id": ORDER + 1}, left_out("id"))
    found += each("F", "as float64", {**USUAL, "id": ORDER + 1.0}, left_out("id"), ("csv", "parquet"))
    for name in ("Unnamed: 0", "__index_level_0__"):
        found += each("F", name, {**USUAL, name: ORDER * 3}, left_out(name), ("csv", "tsv", "parquet", "feather"))
    rank = np.argsort(np.argsort(C)) * 7
    leak = Expected("said", "the values stay", lambda t: agrees(column_of(t, 2), rank), ("'rank'", "y_1", "a leak?"))
    return found + each("F", "a monotone function of a target", {**USUAL, "rank": rank}, leak)


def missing_codes() -> list[Hostile]:
    """Codes that stand for missing values."""
    found = []
    some = np.arange(ROWS) % 12 == 0
    for code in (-999.0, 9999.0):
        coded = np.where(some, code, A)
        text = f"{code:.0f}"
        said = Expected("said", "values stay", lambda t, x=coded: agrees(column_of(t, 0), x), (f"[{text}]", "missing"))
        found += each("G", f"{text}", {**USUAL, "a": coded}, said, ("csv", "semicolon csv", "tsv", "parquet"))
        gone = Expected("right", f"{some.sum()} missing", lambda t: int(np.isnan(column_of(t, 0)).sum()) == some.sum())
        found += each("G", f"{text}, declared", {**USUAL, "a": coded}, gone, missing=[int(code)])
    flags = np.where(some, -1, np.arange(ROWS) % 2)
    three = Expected("said", "the values stay", lambda t: agrees(column_of(t, 2), flags), ("-1", "missing: {f: [-1]}"))
    found += each("G", "-1 among 0 and 1", {**USUAL, "f": flags}, three, ("csv", "parquet", "feather"))
    regions = [("NA", "EU", "AP")[row % 3] for row in range(ROWS)]
    two = Expected("said", "NA missing", lambda t: set(class_counts(t)) == {"EU", "AP"}, ("'NA' (34)", "missing:"))
    all_three = Expected("right", "34 NA", lambda t: class_counts(t) == {"AP": 33, "EU": 33, "NA": 34})
    found += each("G", "NA is a class", {**USUAL, "y_1": regions}, two, TEXT)
    found += each("G", "NA is a class, declared", {**USUAL, "y_1": regions}, all_three, TEXT, missing={"y_1": []})
    found += each("G", "NA is a class", {**USUAL, "y_1": regions}, all_three, BINARY)
    mixed = [("yes", "Yes", "no")[row % 3] for row in range(ROWS)]
    case = Expected("said", "3 classes", lambda t: len(class_counts(t)) == 3, ("'Yes', 'yes'", "case or blanks"))
    found += each("G", "classes that differ in case", {**USUAL, "y_1": mixed}, case, ("csv", "tsv", "parquet"))
    composed = [("caf\u00e9", "cafe\u0301", "tea")[row % 3] for row in range(ROWS)]
    forms = Expected("said", "3 classes", lambda t: len(class_counts(t)) == 3, (r"'cafe\u0301', 'caf\xe9'",))
    return found + each(
        "G", "one letter in two encodings", {**USUAL, "y_1": composed}, forms, ("csv", "tsv", "parquet")
    )


def splits() -> list[Hostile]:
    """Splits without what a task needs."""
    sites = np.array([f"s{row % 10}" for row in range(ROWS)])

    def labelled(number: int) -> np.ndarray:
        return np.where(np.isin(sites, [f"s{site}" for site in range(number)]), C, np.nan)

    refused = Expected("refused", "", words=("y_1", "labelled in 2 groups only"))
    three = Expected("said", "labels on both sides", _has_labels_on_both_sides, ("labelled in 3 groups only",))
    both = ("csv", "parquet", "feather")
    found = each("H", "labels at two sites", {**USUAL, "y_1": labelled(2), "s": sites}, refused, both, groups="s")
    found += each("H", "labels at three sites", {**USUAL, "y_1": labelled(3), "s": sites}, three, both, groups="s")
    marks = np.array(["test" if row % 5 == 0 else "train" for row in range(ROWS)])
    flat = np.where(marks == "test", 1.5, C)
    same = Expected("said", "20 test rows", lambda t: len(t.test) == 20, ("same value in all 20 labelled test rows",))
    found += each("H", "constant in the test rows", {**USUAL, "y_1": flat, "split": marks}, same, both, test="split")
    one = np.where(marks == "test", "no", np.where(np.arange(ROWS) % 2, "yes", "no"))
    return found + each(
        "H", "one class in the test rows", {**USUAL, "y_1": one, "split": marks}, same, both, test="split"
    )


def _has_labels_on_both_sides(task_set: TaskSet) -> bool:
    learnt, tested = (~np.isnan(part.targets[:, 0].numpy()) for part in (task_set.development.examples, task_set.test))
    return bool(learnt.sum() + tested.sum() == 30 and tested.any() and learnt.any())


def leaks_and_headers() -> list[Hostile]:
    """Targets among the inputs, and headers with stray marks."""
    sides = np.where(ORDER % 2, "left", "right")
    recoded = {**USUAL, "y_1": sides, "w": np.where(ORDER % 2, "L", "R")}
    refused = Expected("refused", "", words=("'w'", "in other words"))
    found = each("I", "a target in other words", recoded, refused, ("csv", "tsv", "parquet", "feather"))
    copied = Expected("refused", "", words=("'w'", "equals the target 'y_1'"))
    found += each("I", "a copy of a target", {**USUAL, "w": C}, copied, ("csv", "semicolon csv", "parquet"))
    blanks = {" a": A, "b": B, " y_1": C, " y_2": D}
    clean = Expected("said", "tasks y_1, y_2", _has_tasks("y_1", "y_2"), ("begins or ends with a blank",))
    found += each("I", "headers with leading blanks", blanks, clean)
    nameless = Expected("said", "a and b", lambda t: t.development.num_inputs == 2, ("without a name is left out",))
    found += each("I", "an empty header", {"": ORDER * 0.5, **USUAL}, nameless, ("csv", "tsv", "parquet"))
    minus = [f"{value}".replace("-", "\N{MINUS SIGN}") for value in A]
    typeset = Expected("refused", "", words=("'a'", "typographic"))
    return found + each("I", "a typographic minus", {**USUAL, "a": minus}, typeset, ("csv", "tsv", "parquet"))


def _has_tasks(*wanted: str) -> Callable[[TaskSet], bool]:
    return lambda task_set: tuple(task.name for task in task_set.tasks) == wanted


def unhelpful_refusals() -> list[Hostile]:
    """Files that must be read on request, or refused with advice that works."""
    digits = [str(row % 2) for row in range(ROWS)]
    binary = Expected("right", "two classes of 50", lambda t: class_counts(t) == {"0": 50, "1": 50})
    advice = Expected("refused", "", words=("y_1", "binary, count, multiclass, ordinal or regression"))
    found = each("J", "digits in text", {**USUAL, "y_1": digits}, advice, BINARY)
    found += each("J", "digits in text, declared", {**USUAL, "y_1": digits}, binary, BINARY, kinds={"y_1": "binary"})
    words = as_text({**USUAL, "c": [("Köln", "Bonn")[row % 2] for row in range(ROWS)]})
    four = Expected("right", "inputs a, b and two towns", lambda t: t.development.num_inputs == 4)
    latin = Expected("refused", "", words=("0xf6 in line 2", "latin-1"))
    wide = Expected("refused", "", words=("UTF-16", "encoding: utf-16"))
    for encoding, expected in (("latin-1", latin), ("utf-16", wide)):
        found += from_text("J", encoding, words, expected, encoding)
        found += from_text("J", f"{encoding}, declared", words, four, encoding, encoding=encoding)
    found += from_text("J", "a byte-order mark", words, four, "utf-8-sig")
    semicolon = Expected("refused", "", words=("';'", "delimiter", "decimal: ','"))
    found += from_text("J", "semicolons, not declared", as_text(USUAL, ";", ","), semicolon)
    commas = Expected("refused", "", words=("'y_1'", "decimal: ','"))
    found += from_text("J", "decimal commas, undeclared", as_text(USUAL, ";", ","), commas, csv={"delimiter": ";"})
    tab = Expected("refused", "", words=("a tab", "delimiter"))
    found += from_text("J", "tabs in .csv", as_text(USUAL, "\t"), tab)
    dotted = [day.strftime("%d.%m.%Y") for day in days_from(date(2023, 1, 1), ROWS)]
    dates = Expected("refused", "", words=("'01.01.2023'", "2023-01-31"))
    found += each("J", "dotted dates", {**USUAL, "d": dotted}, dates, ("csv", "semicolon csv", "tsv", "parquet"))
    answers = [("Yes", "No")[row % 2] for row in range(ROWS)]
    truth = Expected("right", "50 of each", lambda t: column_of(t, 2).sum() == 50 and t.development.num_inputs == 3)
    found += each("J", "Yes and No as boolean", {**USUAL, "q": answers}, truth, kinds={"q": "boolean"})
    years = {"a": A, "b": B, "2021": C, "2022": D}
    either = Expected("refused", "", words=("targets", "2021"))
    found += each("J", "numeric names in YAML", years, either, ("csv", "parquet"), targets=[2021, 2022])
    named = Expected("right", "tasks 2021 and 2022", _has_tasks("2021", "2022"))
    found += each("J", "numeric names as text", years, named, ("csv", "parquet"), targets=["2021", "2022"])
    return found + stored_types()


def stored_types() -> list[Hostile]:
    """Types that other programs store."""
    found = []
    nested = Expected("refused", "", words=("'n'", "type"))
    for values in (
        pa.array([[row] for row in range(ROWS)]),
        pa.array(ORDER, pa.time64("us")),
        pa.array(ORDER, pa.duration("us")),
        pa.array([bytes([row]) for row in range(ROWS)]),
    ):
        found += each("J", f"{values.type}", {**USUAL, "n": values}, nested, ("parquet", "feather", "arrow stream"))
    exact = Expected("right", "the file's values", lambda t: agrees(column_of(t, 0), np.round(A * 64) / 64))
    for stored in (pa.float16(), pa.float32(), pa.decimal128(20, 6)):
        held = pa.array(np.round(A * 64) / 64).cast(stored)
        found += each("J", f"{stored}", {**USUAL, "a": held}, exact, ("parquet", "arrow stream"))
    towns = [("Rom", "Wien", "Bern")[row % 3] for row in range(ROWS)]
    three = Expected("right", "34, 33, 33", lambda t: class_counts(t) == {"Rom": 34, "Wien": 33, "Bern": 33})
    for kind in (pa.large_string(), pa.string_view()):
        found += each("J", f"{kind}", {**USUAL, "y_1": pa.array(towns).cast(kind)}, three, ("parquet", "arrow stream"))
    return found
