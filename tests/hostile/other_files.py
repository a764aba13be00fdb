"""Kind J: files that hold something above the table, or no table, and numbers and dates with other marks."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from tests.hostile.formats import as_text, write_parquet
from tests.hostile.kinds import ROWS, USUAL, A, each, from_text
from tests.hostile.outcomes import Expected, Hostile

PLAIN = as_text(USUAL)


def preambles() -> list[Hostile]:
    """Lines above the header, below it, and of another length."""
    above = {
        "a comment": ("# made by a program\n", "line 1"),
        "a comment with semicolons": ("# a; b; c\n", "line 1"),
        "a comment with many commas": ("# a, b, c, d, e, f\n", "line 1"),
        "a title and a blank line": ("Measurements of May\n\n", "lines 1 to 2"),
        "sep=,": ("sep=,\n", "line 1"),
    }
    found = []
    for name, (text, lines) in above.items():
        refused = Expected("refused", "", words=("The header has to be the first line", f"delete {lines}"))
        found += from_text("J", f"above the header: {name}", text + PLAIN, refused)
    header, rest = PLAIN.split("\n", 1)
    units = Expected("refused", "", words=("row 1", "holds units"))
    found += from_text("J", "units below the header", f"{header}\nm,s,kg,K\n{rest}", units)
    short = Expected("refused", "", words=("line 102 has 1 column", "the header 4"))
    found += from_text("J", "a last line of text", f"{PLAIN}100 rows\n", short)
    found += from_text("J", "an end-of-file mark", f"{PLAIN}\x1a", short)
    long = Expected("refused", "", words=("line 2 has 8 columns", "24 more lines"))
    found += from_text("J", "a quarter with decimal commas", header + "\n" + rest.replace(".", ",", ROWS), long)
    all_of_them = Expected("refused", "", words=("line 2 and most others have 8", "decimal commas"))
    found += from_text("J", "decimal commas that are not quoted", header + "\n" + rest.replace(".", ","), all_of_them)
    right = Expected("right", "100 rows", lambda t: len(t.development.examples) + len(t.test) == ROWS)
    for name, ending in (("carriage returns", "\r"), ("Windows line ends", "\r\n"), ("blank lines", "\n\n")):
        found += from_text("J", name, PLAIN.replace("\n", ending), right)
    return found


def contents() -> list[Hostile]:
    """Files under the suffix of text that hold something else."""
    packed = gzip.compress(PLAIN.encode())
    files: dict[str, tuple[bytes, tuple[str, ...]]] = {
        "a compressed file": (packed, ("a compressed file", "Unpack")),
        "a spreadsheet": (b"PK\x03\x04" + bytes(200), ("a spreadsheet", "Save it as CSV")),
        "a web page": (b"<!DOCTYPE html>\n<html>gone</html>\n" * 40, ("a web page",)),
        "a pointer of Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", ("git lfs pull",)),
        "JSON": (b'[{"a": 1, "y_1": 2},\n' + b'{"a": 1, "y_1": 2},\n' * 40, ("is JSON",)),
        "UTF-32": (PLAIN.encode("utf-32"), ("encoding: utf-32",)),
        "UTF-16 without a mark": (PLAIN.encode("utf-16-le"), ("NUL byte", "utf-16-le")),
        "a NUL byte": (PLAIN.replace("0.", "\0.", 1).encode(), ("NUL byte",)),
    }
    found = []
    for name, (content, words) in files.items():

        def write(folder: Path, content: bytes = content) -> Path:
            (folder / "data.csv").write_bytes(content)
            return folder / "data.csv"

        found.append(Hostile("J", name, "csv", write, Expected("refused", "", words=words)))

    def parquet_as_csv(folder: Path) -> Path:
        return write_parquet(folder, USUAL).rename(folder / "data.csv")

    words = ("a Parquet file", ".parquet")
    return [*found, Hostile("J", "a Parquet file", "csv", parquet_as_csv, Expected("refused", "", words=words))]


def numbers_and_dates() -> list[Hostile]:
    """Numbers with other marks and dates as text."""
    found = []
    marked = {"currency": "${:.2f}", "percent": "{:.1f}%", "thousands": "{:,.2f}"}
    for name, form in marked.items():
        values = [form.format(abs(value) * 5000) for value in A]
        plain = Expected("refused", "", words=("'a'", "as a plain number"))
        found += each("J", f"numbers with {name}", {**USUAL, "a": values}, plain, ("csv", "tsv", "parquet"))
    commas = [f"{value}".replace(".", ",") for value in A]
    advice = Expected("refused", "", words=("csv: {decimal: {a: ','}}",))
    found += each("J", "decimal commas in one column", {**USUAL, "a": commas}, advice, ("csv", "tsv"))
    read = Expected("right", "2 inputs", lambda t: t.development.num_inputs == 2)
    own: dict[str, Any] = {"csv": {"decimal": {"a": ","}}}
    found += each("J", "decimal commas in one column, declared", {**USUAL, "a": commas}, read, ("csv", "tsv"), **own)
    days = [f"2024-{1 + row % 12:02}-{1 + row % 28:02}" for row in range(ROWS)]
    as_text_dates = Expected("refused", "", words=("'d'", "Declare it date or categorical"))
    found += each("J", "dates as text", {**USUAL, "d": days}, as_text_dates, ("parquet", "feather", "arrow stream"))
    right = Expected("said", "3 inputs", lambda t: t.development.num_inputs == 3, ("days since 1970",))
    found += each("J", "dates as text, declared", {**USUAL, "d": days}, right, kinds={"d": "date"})
    mixed = [f"{1 + row % 28:02}/{1 + row % 12:02}/2024" if row % 2 else days[row] for row in range(ROWS)]
    two_ways = Expected("refused", "", words=("'d'", "2023-01-31"))
    found += each("J", "dates in two ways", {**USUAL, "d": mixed}, two_ways, ("csv", "tsv", "parquet"))
    no_date = ["2024-02-30" if row % 20 == 1 else day for row, day in enumerate(days)]
    thirtieth = Expected("refused", "", words=("'2024-02-30'",))
    found += each("J", "30 February", {**USUAL, "d": no_date}, thirtieth, ("csv", "tsv", "parquet"))
    digits = [int(day.replace("-", "")) for day in days]
    uneven = Expected("said", "3 inputs", lambda t: t.development.num_inputs == 3, ("dates as whole numbers",))
    found += each("J", "dates without marks", {**USUAL, "d": digits}, uneven)
    clock = [f"{row % 24:02}:{row % 60:02}" for row in range(ROWS)]
    times = Expected("refused", "", words=("'d'", "declare it categorical"))
    return found + each("J", "times of day", {**USUAL, "d": clock}, times, ("csv", "tsv"))
